// Writes the source's volumes: node volumes.mjs CLOUDS. Each is created with lvcreate and starts with bytes drawn from its
// id, so the same volume has the same checksum in every lab.
import { execFileSync } from 'node:child_process'
import { createCipheriv, createHash } from 'node:crypto'
import { closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'

const { volumes = [] } = JSON.parse(readFileSync(process.argv[2], 'utf8'))

function noise(seed, length) {
  return createCipheriv('aes-128-ctr', createHash('md5').update(seed).digest(), Buffer.alloc(16)).update(Buffer.alloc(length))
}

for (const { id, sizeGb, bytes = 8 << 20 } of volumes) {
  const name = `volume-${id}`
  execFileSync('lvcreate', ['-n', name, '-L', `${sizeGb}g`, 'cinder'], { stdio: ['ignore', 'ignore', 'inherit'] })
  const path = `/dev/cinder/${name}`
  const size = statSync(path).size
  const disk = openSync(path, 'r+')
  writeSync(disk, noise(id, bytes), 0, bytes, 0)
  // a copy that stops early or at the first hole misses these
  writeSync(disk, noise(`${id} middle`, 65536), 0, 65536, size / 2)
  writeSync(disk, noise(`${id} end`, 4096), 0, 4096, size - 4096)
  closeSync(disk)
}
