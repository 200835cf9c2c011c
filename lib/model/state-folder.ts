const folder = '.switchover'

/** Where runs leave what later ones want, below the folder they are started in; only the owner may read it. */
export const stateFolder = {
  root: folder,
  /** Journals, one file a run. */
  runs: `${folder}/runs`,
  /** Lists of what runs have replaced, one file a run. */
  undo: `${folder}/undo`,
  /** Locks, one file a host, so that runs on different hosts do not wait for each other. */
  locks: `${folder}/locks`,
  /** What the type check found right. */
  types: `${folder}/types`,
} as const
