/**
 * The worker in which the machine runs.
 */

throw new Error('not implemented: the worker');
