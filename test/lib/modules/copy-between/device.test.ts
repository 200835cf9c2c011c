import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { copyBetween } from '../../../../lib/modules/index.ts'
import { emptyDirectory, here } from '../../../rig/here.ts'

const test = suite('copyBetween.device')
const mebi = 1048576

test('whoever writes takes the end of what comes, too, however late it is said', async () => {
  const root = emptyDirectory()
  const [bin, path, to] = [join(root, 'bin'), join(root, 'a'), join(root, 'b')]
  const [theirs, ours] = [emptyDirectory(), emptyDirectory()]
  const program = (folder: string, name: string, text: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  // The reader says that it has ended only when the writer has, or after half a second.
  program(theirs, 'dd', `/usr/bin/dd "$@"; n=0; until [ -e ${bin} ] || [ $n = 10 ]; do n=$((n + 1)); sleep 0.05; done`)
  program(ours, 'sync', `: >${bin}`)
  writeFileSync(path, Buffer.alloc(2 * mebi, 'content'))
  writeFileSync(to, Buffer.alloc(mebi))
  const at = (folder: string) => here({ env: { PATH: `${folder}:${process.env.PATH}` } })
  const source = Object.assign(at(theirs), { host: { name: 'other' } })
  const target = Object.assign(at(ours), { peer: async () => source })
  const device = copyBetween.device({ from: source.host, path, to, bytes: mebi, record: join(root, 'record') })
  await (await device.prepare(target)).apply(target)
  assert.ok(readFileSync(to).equals(Buffer.alloc(mebi, 'content')))
})

test.run()
