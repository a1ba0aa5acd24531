/**
 * The worker in which the machine runs.
 */

import { expose } from 'comlink';
import { Room } from './machine-room.ts';

expose(new Room());
