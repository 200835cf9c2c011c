// neutron-db-manage's work: alembic's version row and the chain of revisions.
import { tables } from './connection.mjs'
import { appliesTo, beforeHavana, revisions } from './migrations/neutron.mjs'
import { PythonError } from './python.mjs'
import { createHavana } from './sync.mjs'

/** A complaint of alembic itself, for which the command ends with 255 and no traceback. */
export class CommandError extends Error {}

/** The revision a database is stamped with, or undefined; makes the version table, as even `current` does. */
export async function revision(db) {
  if (!(await tables(db)).includes('alembic_version')) {
    await db.execute('\nCREATE TABLE alembic_version (\n\tversion_num VARCHAR(32) NOT NULL\n)')
  }
  const [row] = await db.execute('SELECT alembic_version.version_num FROM alembic_version')
  return row?.version_num
}

/** Writes a revision into the version table, whatever stands there. */
export async function stamp(db, name, release) {
  const wanted = known(name, release)
  const current = await revision(db)
  if (current === wanted) return
  if (current !== undefined) known(current, release)
  await write(db, current, wanted)
}

/** Runs the revisions between the database's and `name`; without a stamp it begins at the beginning of time. */
export async function upgrade(db, name, { release, plugins, log }) {
  const wanted = known(name, release)
  let current = await revision(db)
  if (current === undefined) {
    log('Running upgrade None -> folsom, folsom initial database')
    if ((await tables(db)).includes('networks')) {
      await db.execute('\nCREATE TABLE networks (\n\ttenant_id VARCHAR(255),\n\tid VARCHAR(36) NOT NULL\n)')
    }
    await createHavana(db, 'neutron')
    await write(db, undefined, 'havana')
    current = 'havana'
  }
  const end = position(wanted)
  for (let at = position(known(current, release)) + 1; at <= end; at++) {
    const step = revisions[at]
    log(`Running upgrade ${current} -> ${step.revision}, ${step.title}`)
    if (appliesTo(step, plugins)) await step.up(db)
    await write(db, current, step.revision)
    current = step.revision
  }
}

/** How `current` shows a revision: where it comes from, what it is, whether it is the last. */
export function described(name, release) {
  const at = position(known(name, release))
  const previous = at === 0 ? beforeHavana : revisions[at - 1].revision
  return `${previous} -> ${name}${name === release ? ' (head)' : ''}, ${revisions[at].title.split('\n')[0]}`
}

const position = (name) => revisions.findIndex(({ revision }) => revision === name)

function known(name, release) {
  const wanted = name === 'head' ? release : name
  if (position(wanted) < 0 || position(wanted) > position(release)) throw new CommandError(`No such revision '${name}'`)
  return wanted
}

async function write(db, from, to) {
  if (from === undefined) await db.execute('INSERT INTO alembic_version (version_num) VALUES (%s)', [to])
  else await db.execute('UPDATE alembic_version SET version_num=%s', [to])
}

/** The plugin classes of neutron.conf; an alias such as `openvswitch` is no class and ends the command. */
export function importable(classPath) {
  const dot = classPath.lastIndexOf('.')
  if (dot < 0) throw new PythonError('ValueError', 'Empty module name')
  if (!classPath.startsWith('neutron.')) {
    throw new PythonError('ImportError', `No module named ${classPath.slice(0, dot)}`)
  }
  return classPath
}
