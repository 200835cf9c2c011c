'use strict'
// TypeScript made ready to run: one build of this library, one of each file that authors wrote, kept until a source changes,
// and with the library what V8 made of it. Plain JavaScript, because it is what makes everything else loadable; read at each
// start, so that what builds stands elsewhere.
const { readFileSync, renameSync, statSync, writeFileSync } = require('node:fs')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { Script } = require('node:vm')

const packages = path.join(__dirname, '../node_modules')
const cache = path.join(packages, '.cache/switchover')
const builder = path.join(__dirname, 'build.cjs')
// Where built code seems to lie: no frame of it is an author's.
const seeming = { library: path.join(__dirname, 'built.cjs'), ssh: path.join(packages, 'built.cjs') }

// Of built files, by the names that stacks have for them: where the map is, and the map when it was read.
const maps = new Map()
let libraryBuild
let kind

/** Loads the library for a command line. Gives the way to what others may use of it, by its path below lib/. */
async function library(argv) {
  // What one kind of command calls is little of what there is.
  const [first = ''] = argv
  kind = /^[a-z]+$/.test(first) ? first : argv.some((word) => /^--(?:list|syntax)-/.test(word)) ? 'list' : 'run'
  libraryBuild = await upToDate('library', path.join(__dirname, 'cli.ts'), () => require(builder).buildLibrary)
  maps.set(seeming.library, { file: path.join(libraryBuild, 'library.js.map') })
  let ssh
  const doors = run('library', lazily, (name) => (ssh ??= run('ssh', packages))[name])
  const door = (name) => doors[name]()
  // Where files of authors find it: the very modules that are running.
  globalThis[Symbol.for('switchover')] = door
  return door
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

/** Runs a script of the library's build, with what V8 kept of an earlier run of the same kind. */
function run(name, ...given) {
  const kept = path.join(libraryBuild, `${name}-${kind}-${process.version}-${process.arch}`)
  let cachedData
  try {
    cachedData = readFileSync(kept)
  } catch {
    // There was no such run.
  }
  const script = new Script(readFileSync(path.join(libraryBuild, `${name}.js`), 'utf8'), {
    filename: seeming[name],
    cachedData,
  })
  if (cachedData === undefined || script.cachedDataRejected) {
    // At the end, when all that is called has been compiled.
    process.once('exit', (code) => {
      if (code !== 0) return
      try {
        const draft = `${kept}.${process.pid}`
        writeFileSync(draft, script.createCachedData(), { mode: 0o600 })
        renameSync(draft, kept)
      } catch {
        // It is only slower without.
      }
    })
  }
  return script.runInThisContext()(require, ...given)
}

/** A module that is loaded when something of it is first used. */
function lazily(load) {
  let loaded
  // Behind an object: esbuild copies what an object has of its own, which would load it.
  return Object.create(new Proxy({}, { get: (_, key) => (loaded ??= load())[key] }))
}

/** The folder of a build whose sources are as they were, made anew when they are not. */
async function upToDate(name, entry, how) {
  return unchanged(name, entry) ?? (await require(builder).keptBuild({ name, entry, cache, libraryBuild }, how()))
}

function unchanged(name, entry) {
  try {
    const { folder, library: against, sources } = JSON.parse(readFileSync(path.join(cache, `${name}.json`), 'utf8'))
    // What was built against another build of the library may want what it no longer has.
    if (against !== libraryBuild || sources[0][0] !== entry) return undefined
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

// Node's own way reads and takes apart the map of every file that it loads, shown or not.
Error.prepareStackTrace = (error, calls) =>
  [
    Error.prototype.toString.call(error),
    ...calls.map((call) => {
      const [file, line, column] = [call.getFileName(), call.getLineNumber(), call.getColumnNumber()]
      const place = placeOf(file, line, column)
      return `    at ${place ? String(call).replace(`${file}:${line}:${column}`, () => `${place.file}:${place.line}:${place.column}`) : call}`
    }),
  ].join('\n')

module.exports = { importAuthored, library, placeOf }
