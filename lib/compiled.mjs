// TypeScript made ready to run: one build of this library, one of each file that authors wrote, kept until a source changes.
// Plain JavaScript, because it is what makes everything else loadable.
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const self = fileURLToPath(import.meta.url)
const library = path.dirname(self)
const packages = path.join(library, '../node_modules')
const day = 86_400_000
// What may be imported of the library from outside; the rest is reached through these.
const doors = ['cli.ts', 'model/authored.ts', 'index.ts', 'modules/index.ts'].map((file) => path.join(library, file))
// Loaded by few runs, or no faster for being built in.
const apart = ['cosmiconfig', 'diff', 'esbuild', 'eta', 'mysql2', 'node-ssh', 'ssh2', 'typescript', 'yaml', 'zx']

let cache
let libraryBuild

/** Imports one of the library's own doors, by its path below lib/. */
export async function importLibrary(file) {
  libraryBuild ??= await upToDate('lib', buildLibrary)
  return import(pathToFileURL(built(libraryBuild, path.join(library, file))).href)
}

/**
 * Imports a file that authors wrote, and what it imports.
 * @throws Error with the places of what is wrong when it cannot be built
 */
export async function importAuthored(file) {
  const name = createHash('sha256').update(file).digest('hex').slice(0, 16)
  const folder = await upToDate(name, (outdir) => buildAuthored(file, outdir))
  try {
    return await import(pathToFileURL(path.join(folder, 'main.mjs')).href)
  } catch (error) {
    // Authors know the library's doors by their sources.
    if (error instanceof SyntaxError) {
      for (const door of doors) error.message = error.message.replace(pathToFileURL(built(libraryBuild, door)).href, door)
    }
    throw error
  }
}

const built = (folder, file) => path.join(folder, path.relative(library, file).replace(/\.ts$/, '.mjs'))

/** The folder of a build whose sources are as they were, made anew when they are not. */
async function upToDate(name, build) {
  cache ??= cacheFolder()
  const stamp = path.join(cache, `${name}.json`)
  const known = unchanged(stamp)
  if (known !== undefined) return path.join(cache, known)
  const folder = `${name}-${randomBytes(6).toString('hex')}`
  const outdir = path.join(cache, folder)
  mkdirSync(outdir, { mode: 0o700 })
  const sources = [self, ...await build(outdir)].map((source) => {
    const { mtimeMs, size } = statSync(source)
    return [source, mtimeMs, size]
  })
  const draft = path.join(outdir, 'stamp')
  writeFileSync(draft, JSON.stringify({ folder, library: libraryBuild, sources }), { mode: 0o600 })
  renameSync(draft, stamp)
  sweep(name, folder)
  return outdir
}

function unchanged(stamp) {
  try {
    const { folder, library: against, sources } = JSON.parse(readFileSync(stamp, 'utf8'))
    // What was built against another build of the library would bring that one along.
    if (against !== libraryBuild) return undefined
    return sources.every(([source, time, size]) => {
      const now = statSync(source)
      return now.mtimeMs === time && now.size === size
    }) ? folder : undefined
  } catch {
    return undefined
  }
}

// Below node_modules, so that a built file finds the packages; a folder for this run alone where that cannot be written.
function cacheFolder() {
  const folder = path.join(packages, '.cache/switchover')
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    rmSync(mkdtempSync(path.join(folder, 'probe-')), { recursive: true })
    return folder
  } catch {
    const own = mkdtempSync(path.join(tmpdir(), 'switchover-'))
    symlinkSync(packages, path.join(own, 'node_modules'))
    process.on('exit', () => rmSync(own, { recursive: true, force: true }))
    return own
  }
}

/** Removes builds that nobody can be running any more. */
function sweep(name, kept) {
  for (const entry of readdirSync(cache)) {
    if (!entry.startsWith(`${name}-`) || entry === kept) continue
    const old = path.join(cache, entry)
    if (Date.now() - statSync(old).mtimeMs > day) rmSync(old, { recursive: true, force: true })
  }
}

function buildLibrary(outdir) {
  return build({
    entryPoints: doors, outbase: library, outdir, outExtension: { '.js': '.mjs' }, splitting: true, external: apart,
    alias: { 'string-width': path.join(library, 'report/width.ts') },
    banner: { js: `import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(${JSON.stringify(import.meta.url)});` },
  })
}

function buildAuthored(file, outdir) {
  return build({ entryPoints: [file], outfile: path.join(outdir, 'main.mjs') }, (b) => {
    b.onResolve({ filter: /./ }, async (args) => {
      if (args.kind === 'entry-point' || args.pluginData === 'seen' || args.path.startsWith('node:')) return undefined
      const { kind, importer, resolveDir } = args
      const found = await b.resolve(args.path, { kind, importer, resolveDir, pluginData: 'seen' })
      if (found.errors.length > 0 || found.external) return found
      // Not a copy of the library: the very modules that are running.
      if (found.path.startsWith(library + path.sep)) {
        return doors.includes(found.path)
          ? { path: pathToFileURL(built(libraryBuild, found.path)).href, external: true }
          : { errors: [{ text: `${args.path} is the library's own: import from its index.ts or modules/index.ts` }] }
      }
      return found.path.includes(`${path.sep}node_modules${path.sep}`) ? { path: pathToFileURL(found.path).href, external: true } : found
    })
  })
}

// An empty map for files of packages: nobody asks for their lines, and maps are what makes formatting a stack slow.
const noMap = `\n//# sourceMappingURL=data:application/json;base64,${Buffer.from('{"version":3,"sources":[""],"mappings":"AAAA"}').toString('base64')}`

/** Builds, and gives the files that went in. */
async function build(options, setup = () => {}) {
  const { build: bundle } = await import('esbuild')
  try {
    const { metafile } = await bundle({
      ...options, bundle: true, format: 'esm', platform: 'node', target: 'node20', minifyWhitespace: true, sourcemap: true, sourcesContent: false,
      metafile: true, logLevel: 'silent', absWorkingDir: '/',
      define: { 'import.meta.url': '__sourceUrl', 'import.meta.filename': '__sourceFile', 'import.meta.dirname': '__sourceFolder' },
      plugins: [{
        name: 'switchover',
        setup(b) {
          setup(b)
          b.onLoad({ filter: /\.[cm]?[jt]s$/ }, ({ path: source }) => {
            const text = readFileSync(source, 'utf8')
            // A built file lies elsewhere: what asks where it is must hear of its source. On the first line, to move no other.
            const places = !text.includes('import.meta.') ? '' : `const __sourceUrl = ${JSON.stringify(pathToFileURL(source).href)}, `
              + `__sourceFile = ${JSON.stringify(source)}, __sourceFolder = ${JSON.stringify(path.dirname(source))}; `
            const unmapped = source.startsWith(packages + path.sep) ? noMap : ''
            return { contents: places + text + unmapped, loader: /ts$/.test(source) ? 'ts' : 'js' }
          })
        },
      }],
    })
    return Object.keys(metafile.inputs).map((input) => path.resolve('/', input))
  } catch (error) {
    if (!error.errors?.length) throw error
    throw new Error(error.errors.map(({ text, location }) => {
      const { file, line, column } = location ?? { file: '', line: 0, column: 0 }
      const source = path.resolve('/', file)
      const missing = /^Could not resolve "(.+)"$/.exec(text)?.[1]
      if (missing) return `Cannot find module '${missing.startsWith('.') ? path.resolve(path.dirname(source), missing) : missing}' imported from ${source}`
      return `${source}:${line}:${column + 1}: ERROR: ${text}`
    }).join('\n'))
  }
}
