/**
 * The lessons, in the order in which they are to be read.
 */

import { emptySpace } from './01-empty.ts';
import { promise } from './02-promise.ts';
import { link } from './03-link.ts';
import { comeBack } from './04-return.ts';
import { share } from './05-share.ts';
import { protect } from './06-protect.ts';
import { fork } from './07-fork.ts';
import { dirty } from './08-dirty.ts';
import { keys } from './09-keys.ts';
import { large } from './10-large.ts';
import { purge } from './11-purge.ts';
import { unlink } from './12-unlink.ts';
import { watch } from './13-watch.ts';
import { enomem } from './14-enomem.ts';
import type { Lesson } from './lesson.ts';

export type { Lesson, LessonView, Note, Question } from './lesson.ts';

/** All lessons. */
export const lessons: readonly Lesson[] = [
  emptySpace,
  promise,
  link,
  comeBack,
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
