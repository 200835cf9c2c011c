/** How long journals stay that nothing needs any more; 0: as long as it may be. */
export interface Keep {
  readonly days: number
  /** Of all journals together, with their reports; a megabyte is 10⁶ bytes. */
  readonly megabytes: number
}

/** Where nobody says it. */
export const defaultKeep: Keep = { days: 90, megabytes: 1000 }
