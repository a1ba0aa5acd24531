/** Who a thread acts for (Linux: struct cred). */

/** User and group IDs: real, effective, saved, and that for files. */
export interface Credentials {
  readonly uid: number;
  readonly euid: number;
  readonly suid: number;
  readonly fsuid: number;
  readonly gid: number;
  readonly egid: number;
  readonly sgid: number;
  readonly fsgid: number;
  readonly groups: readonly number[];
}

/** The credentials of a user whose IDs are all the same. */
export function credentialsOf(uid: number, gid: number): Credentials {
  return {
    ...{ uid, euid: uid, suid: uid, fsuid: uid },
    ...{ gid, egid: gid, sgid: gid, fsgid: gid },
    groups: [gid],
  };
}
