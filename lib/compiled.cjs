'use strict'
// TypeScript made ready to run: one build of this library, one of each file that authors wrote, kept until a source changes,
// and with the library what V8 made of it. Plain JavaScript, because it is what makes everything else loadable; read at each
// start, so that what builds stands elsewhere.
const { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } = require('node:fs')
const { homedir, userInfo } = require('node:os')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { Script } = require('node:vm')

const root = path.join(__dirname, '..')
const packages = path.join(root, 'node_modules')
const builder = path.join(__dirname, 'build.cjs')
// What a package brings along; not looked for in a checkout, where it would be of an earlier state.
const prebuilt = __dirname.includes(`${path.sep}node_modules${path.sep}`) ? path.join(root, 'dist/run') : undefined
// Where builds are kept, the first that can be written: a checkout has a place of its own, an installation may be root's.
const caches = [...(prebuilt ? [] : [path.join(packages, '.cache/switchover')]), path.join(userCache(), 'switchover')]
// Where built code seems to lie: no frame of it is an author's.
const seeming = { library: path.join(__dirname, 'built.cjs'), ssh: path.join(packages, 'built.cjs') }

// Of built files, by the names that stacks have for them: where the map is, and the map when it was read.
const maps = new Map()
// The library's own: where its scripts lie, where V8's part of them is kept, and what tells it from every other build.
let own
let kind

// A place that is no absolute path counts for nothing, as the XDG base directories have it. Never a folder of all users:
// what lies here is run.
function userCache() {
  const said = [process.env.XDG_CACHE_HOME ?? '', path.join(homedir(), '.cache')]
  return said.find((place) => path.isAbsolute(place)) ?? path.join(userInfo().homedir, '.cache')
}

/** Loads the library for a command line. Gives the way to what others may use of it, by its path below lib/. */
async function library(argv) {
  // What one kind of command calls is little of what there is.
  const [first = ''] = argv
  kind = /^[a-z]+$/.test(first) ? first : argv.some((word) => /^--(?:list|syntax)-/.test(word)) ? 'list' : 'run'
  own = brought() ?? (await made())
  // Node's own way reads and takes apart the map of every file that it loads, shown or not.
  Error.prepareStackTrace = stackOfSources
  maps.set(seeming.library, { file: path.join(own.scripts, 'library.js.map') })
  let ssh
  const doors = run('library', lazily, (name) => (ssh ??= run('ssh', packages))[name])
  const door = (name) => doors[name]()
  open(door)
  return door
}

/** Has what authors write use the library that a program has loaded. */
function openTo(door) {
  own = brought()
  // How stacks of a program are made is its own matter: Node is to know the places, too.
  process.setSourceMapsEnabled(true)
  open(door)
}

// Where files of authors find it: the very modules that are running.
function open(door) {
  globalThis[Symbol.for('switchover')] = door
}

/**
 * Imports a file that authors wrote, and what it imports.
 * @throws Error with the places of what is wrong when it cannot be built
 */
async function importAuthored(file) {
  // The end of a path tells files apart; where it does not, they are built in turn.
  const folder = await upToDate(
    file.replaceAll(/[^\w.-]/g, '+').slice(-150),
    file,
    () => require(builder).buildAuthored,
  )
  const [script, module] = ['main.cjs', 'main.mjs'].map((name) => path.join(folder, name))
  maps.set(script, { file: `${script}.map` }).set(pathToFileURL(module).href, { file: `${module}.map` })
  return require(script)
}

/** The build that came with the package. */
function brought() {
  if (prebuilt === undefined || !existsSync(prebuilt)) return undefined
  const id = readFileSync(path.join(prebuilt, 'id'), 'utf8')
  // What V8 keeps holds where the script lay: two installations of one build must not have it from each other.
  return { scripts: prebuilt, kept: path.join(caches[0], id, encodeURIComponent(root)), id }
}

async function made() {
  const scripts = await upToDate('library', path.join(__dirname, 'cli.ts'), () => require(builder).buildLibrary)
  return { scripts, kept: scripts, id: scripts }
}

/** Runs a script of the library's build, with what V8 kept of an earlier run of the same kind. */
function run(name, ...given) {
  const kept = path.join(own.kept, `${name}-${kind}-${process.version}-${process.arch}`)
  let cachedData
  try {
    cachedData = readFileSync(kept)
  } catch {
    // There was no such run.
  }
  const script = new Script(readFileSync(path.join(own.scripts, `${name}.js`), 'utf8'), {
    filename: seeming[name],
    cachedData,
  })
  if (cachedData === undefined || script.cachedDataRejected) {
    // At the end, when all that is called has been compiled.
    process.once('exit', (code) => {
      if (code !== 0) return
      try {
        const draft = `${kept}.${process.pid}`
        if (own.kept !== own.scripts) mkdirSync(own.kept, { recursive: true, mode: 0o700 })
        writeFileSync(draft, script.createCachedData(), { mode: 0o600 })
        renameSync(draft, kept)
      } catch {
        // It is only slower without.
      }
    })
  }
  return script.runInThisContext()(require, sourceOf, ...given)
}

/** Where a source of a built file lies here: one of ours, or one of a package of others. */
function sourceOf(name, file) {
  const folders = name === '' ? [root] : require.resolve.paths(name).map((folder) => path.join(folder, name))
  const place = path.join(folders.find(existsSync) ?? '', file)
  return { file: place, url: pathToFileURL(place).href, folder: path.dirname(place) }
}

/** A module that is loaded when something of it is first used. */
function lazily(load) {
  let loaded
  // Behind an object: esbuild copies what an object has of its own, which would load it.
  return Object.create(new Proxy({}, { get: (_, key) => (loaded ??= load())[key] }))
}

/** The folder of a build whose sources are as they were, made anew when they are not. */
async function upToDate(name, entry, how) {
  for (const cache of caches) {
    const folder = unchanged(cache, name, entry)
    if (folder !== undefined) return folder
  }
  return require(builder).keptBuild({ name, entry, caches, library: own?.id }, how())
}

function unchanged(cache, name, entry) {
  try {
    const { folder, library: against, sources } = JSON.parse(readFileSync(path.join(cache, `${name}.json`), 'utf8'))
    // What was built against another build of the library may want what it no longer has.
    if (against !== own?.id || sources[0][0] !== entry) return undefined
    const same = sources.every(([source, time, size]) => {
      const now = statSync(source)
      return now.mtimeMs === time && now.size === size
    })
    return same ? path.join(cache, folder) : undefined
  } catch {
    return undefined
  }
}

/** The source of a place in a built file; undefined for what was not built, or was put in by building. */
function placeOf(file, line, column) {
  const built = maps.get(file)
  if (built === undefined) return undefined
  const { SourceMap } = require('node:module')
  built.map ??= new SourceMap(JSON.parse(readFileSync(built.file, 'utf8')))
  const { originalSource, originalLine, originalColumn } = built.map.findEntry(line - 1, column - 1)
  return (
    originalSource && {
      file: path.resolve(path.dirname(built.file), originalSource),
      line: originalLine + 1,
      column: originalColumn + 1,
    }
  )
}

function stackOfSources(error, calls) {
  return [
    Error.prototype.toString.call(error),
    ...calls.map((call) => {
      const [file, line, column] = [call.getFileName(), call.getLineNumber(), call.getColumnNumber()]
      const place = placeOf(file, line, column)
      return `    at ${place ? String(call).replace(`${file}:${line}:${column}`, () => `${place.file}:${place.line}:${place.column}`) : call}`
    }),
  ].join('\n')
}

module.exports = { importAuthored, library, openTo }
