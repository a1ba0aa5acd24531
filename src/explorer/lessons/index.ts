/**
 * The lessons, in reading order.
 */

import { emptySpace } from './01-empty.ts';
import { map } from './02-map.ts';
import { link } from './03-link.ts';
import { comeBack } from './04-return.ts';
import { pieces } from './05-pieces.ts';
import { share } from './06-share.ts';
import { protect } from './07-protect.ts';
import { fork } from './08-fork.ts';
import { dirty } from './09-dirty.ts';
import { keys } from './10-keys.ts';
import { large } from './11-large.ts';
import { purge } from './12-purge.ts';
import { unlink } from './13-unlink.ts';
import { watch } from './14-watch.ts';
import { enomem } from './15-enomem.ts';
import type { Lesson } from './lesson.ts';

export type { Lesson, LessonView, Note, Question } from './lesson.ts';

/** All lessons. */
export const lessons: readonly Lesson[] = [
  emptySpace,
  map,
  link,
  comeBack,
  pieces,
  share,
  protect,
  fork,
  dirty,
  keys,
  large,
  purge,
  unlink,
  watch,
  enomem,
];
