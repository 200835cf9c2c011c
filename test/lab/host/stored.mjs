// node stored.mjs CLOUDS: makes a cloud of the source's databases and the source's host. Volumes of cinder and image files of
// glance that the rows name are made, of bytes drawn from their ids, so the same volume or image has the same checksum in
// every lab; and the users of the services get the passwords that stand in the services' configuration.
import { execFileSync, spawnSync } from 'node:child_process'
import { createCipheriv, createHash } from 'node:crypto'
import { closeSync, createReadStream, existsSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { imageChunks } from '/usr/lib/openstack-standin/bytes.mjs'

const GLANCE = 161
// A seed may say that an image has terabytes.
const MOST = 16 << 20

function mysql(text) {
  const ran = spawnSync('mysql', ['--batch', '--skip-column-names'], { input: text, encoding: 'utf8' })
  if (ran.status !== 0) throw new Error(`mysql: ${ran.stderr}`)
  return ran.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('\t'))
}

function noise(seed, length) {
  return createCipheriv('aes-128-ctr', createHash('md5').update(seed).digest(), Buffer.alloc(16)).update(
    Buffer.alloc(length),
  )
}

function volume(id, gigabytes) {
  const name = `volume-${id}`
  execFileSync('lvcreate', ['-n', name, '-L', `${gigabytes}g`, 'cinder'], { stdio: ['ignore', 'ignore', 'inherit'] })
  const path = `/dev/cinder/${name}`
  const size = statSync(path).size
  const disk = openSync(path, 'r+')
  writeSync(disk, noise(id, 8 << 20), 0, 8 << 20, 0)
  // a copy that stops early or at the first hole misses these
  writeSync(disk, noise(`${id} middle`, 65536), 0, 65536, size / 2)
  writeSync(disk, noise(`${id} end`, 4096), 0, 4096, size - 4096)
  closeSync(disk)
}

/** Writes the file unless furnish did; a seed from elsewhere has size and checksum of bytes that nobody has. */
async function image(id, path, size, checksum) {
  if (!existsSync(path)) {
    const file = openSync(path, 'w', 0o640)
    for (const chunk of imageChunks(id, Math.min(size, MOST))) writeSync(file, chunk)
    closeSync(file)
    execFileSync('chown', [`${GLANCE}:${GLANCE}`, path])
  }
  const hash = createHash('md5')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  const actual = hash.digest('hex')
  const actualSize = statSync(path).size
  if (actual === checksum && actualSize === size) return
  mysql(
    `UPDATE glance.images SET checksum = '${actual}', size = ${actualSize}, updated_at = updated_at WHERE id = '${id}'`,
  )
}

const perl = (program, ...lines) =>
  spawnSync('perl', ['-e', program], { input: lines.map((line) => `${line}\n`).join(''), encoding: 'utf8' }).stdout

/** Lets a service's user log in; a seed from elsewhere has other passwords, and not every user. */
function account(name, password) {
  const [found] = mysql(`SELECT id, password FROM keystone.user WHERE name = '${name}' AND domain_id = 'default'`)
  const crypt = (hash) => perl('chomp(my ($p, $h) = <STDIN>); print crypt($p, $h) // ""', password, hash)
  if (found && crypt(found[1]) === found[1]) return
  const hash = crypt(`$6$rounds=40000$${createHash('md5').update(name).digest('hex').slice(0, 16)}$`)
  if (found) {
    mysql(`UPDATE keystone.user SET password = '${hash}' WHERE id = '${found[0]}'`)
    return
  }
  const id = createHash('md5').update(`user ${name}`).digest('hex')
  const [[project]] = mysql("SELECT id FROM keystone.project WHERE name = 'services'")
  const [[role]] = mysql("SELECT id FROM keystone.role WHERE name = 'admin'")
  mysql(`INSERT INTO keystone.user (id, name, extra, password, enabled, domain_id, default_project_id)
      VALUES ('${id}', '${name}', '{}', '${hash}', 1, 'default', NULL);
    INSERT INTO keystone.user_project_metadata (user_id, project_id, data)
      VALUES ('${id}', '${project}', '{"roles": [{"id": "${role}"}]}');`)
}

const { servicePasswords } = Object.values(JSON.parse(readFileSync(process.argv[2], 'utf8'))).find(
  ({ release }) => release === 'havana',
)
for (const [name, password] of Object.entries(servicePasswords)) account(name, password)
for (const [id, gigabytes] of mysql('SELECT id, size FROM cinder.volumes WHERE deleted = 0')) volume(id, gigabytes)
const images = mysql(`SELECT DISTINCT i.id, SUBSTRING(l.value, 8), i.size, i.checksum FROM glance.images i
  JOIN glance.image_locations l ON l.image_id = i.id
  WHERE i.deleted = 0 AND l.deleted = 0 AND i.status = 'active' AND l.value LIKE 'file:///%'`)
for (const [id, path, size, checksum] of images) await image(id, path, Number(size), checksum)
