import { type Command, operation, output, perform, sh } from 'switchover/kit'

interface Release {
  /** Where the releases lie: FOLDER/releases/RELEASE. */
  readonly folder: string
  readonly release: string
}

/** The release that FOLDER/current points to. */
export const currentRelease = operation<Release, string, Command, { release: string }>(
  ({ folder, release }) => `currentRelease ${folder} ${release}`,
  {
    read: (connection, { folder }) => output(connection, sh`readlink ${`${folder}/current`} || :`),
    plan(found, { folder, release }) {
      const [is, wanted] = [found.trim(), `releases/${release}`]
      if (is === wanted) return { result: { release } }
      const next = `${folder}/current.next`
      return {
        result: { release },
        // A rename is one step: nobody ever finds no release.
        change: { script: sh`ln -sfn ${wanted} ${next} && mv -fT ${next} ${`${folder}/current`}` },
        diff: { path: `${folder}/current`, before: is && `${is}\n`, after: `${wanted}\n` },
      }
    },
    async apply(connection, change) {
      await perform(connection, change)
    },
  },
)
