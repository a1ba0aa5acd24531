/**
 * What the command needs of the explorer: reading and checking lessons. Not part of the package's interface.
 */

export { type Lesson, LessonError } from './lessons/lesson.ts';
export { isLessonFile, LESSON_SIZE_MAX, LESSONS_MAX, parseLessons } from './lessons/parse.ts';
export { PROGRAMS, programSource } from './lessons/programs.ts';
export { verifyLesson } from './lessons/verify.ts';
