import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { emptyDirectory } from '../../rig/here.ts'

/** The service's user: nobody. */
export const svc = 65534
export const forSvc = { owner: 'nobody', mode: '0640' }

/** A folder of a service's user, and a file of root's that he may not even read. */
export function places() {
  const root = emptyDirectory()
  chmodSync(root, 0o755)
  const at = (name: string) => join(root, name)
  mkdirSync(at('svc'))
  chownSync(at('svc'), svc, svc)
  writeFileSync(at('victim'), 'key = secret\n', { mode: 0o600 })
  mkdirSync(at('etc'))
  writeFileSync(at('etc/app.conf'), 'key = secret\n', { mode: 0o600 })
  const untouched = () => {
    for (const one of ['victim', 'etc/app.conf']) {
      const { uid, gid, mode } = statSync(at(one))
      assert.equal([uid, gid, mode & 0o7777, readFileSync(at(one), 'utf8')], [0, 0, 0o600, 'key = secret\n'], one)
    }
    assert.equal(readdirSync(at('etc')), ['app.conf'])
  }
  const plant = (name: string, to: string) => {
    symlinkSync(to, at(name))
    lchownSync(at(name), svc, svc)
  }
  return { at, plant, untouched }
}
