'use strict'
// What makes the builds that compiled.cjs loads.
const { randomBytes } = require('node:crypto')
const {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} = require('node:fs')
const { tmpdir } = require('node:os')
const path = require('node:path')
const { pathToFileURL } = require('node:url')

const library = __dirname
const packages = path.join(library, '../node_modules')
const own = ['run.cjs', 'compiled.cjs', 'build.cjs'].map((file) => path.join(library, file))
const day = 86_400_000
// What may be imported of the library from outside; the rest is reached through these.
const authors = ['index.ts', 'modules/index.ts']
const doors = ['cli.ts', 'model/authored.ts', 'model/location.ts', ...authors]
// Loaded by few runs, or by name.
const apart = ['esbuild', 'mysql2', 'typescript', 'yaml', 'zx']
// In a script of their own, for the runs that connect.
const forSsh = ['node-ssh', 'ssh2']
// Loaded when something of it is first used: what Node itself has not loaded when it starts, and what few commands want.
const lazy = [
  ...[
    'async_hooks',
    'child_process',
    'crypto',
    'dgram',
    'fs/promises',
    'http',
    'https',
    'net',
    'readline/promises',
    'stream/promises',
    'timers/promises',
    'tls',
    'util',
  ].flatMap((name) => [name, `node:${name}`]),
  'assert',
  'diff',
  'eta',
  'listr2',
]
// Parts of ssh2 that only servers and others want.
const unused = /\/(?:http-agents|keygen|server)\.js$/

/** Builds, and keeps it until a source changes; gives the folder. */
async function keptBuild({ name, entry, cache, libraryBuild }, build) {
  const place = writable(cache)
  const folder = `${name}-${randomBytes(6).toString('hex')}`
  const outdir = path.join(place, folder)
  mkdirSync(outdir, { mode: 0o700 })
  const files = await build(outdir, entry)
  // What npm has installed changes with this file only: one look instead of a hundred at each start.
  const installed = path.join(packages, '.package-lock.json')
  const told = files.map((file) => (file.startsWith(packages + path.sep) && existsSync(installed) ? installed : file))
  const sources = [...new Set([entry, ...own, ...told])].map((source) => {
    const { mtimeMs, size } = statSync(source)
    return [source, mtimeMs, size]
  })
  const draft = path.join(outdir, 'stamp')
  writeFileSync(draft, JSON.stringify({ folder, library: libraryBuild, sources }), { mode: 0o600 })
  renameSync(draft, path.join(place, `${name}.json`))
  sweep(place, name, folder)
  return outdir
}

let ofThisRun

// A folder for this run alone where none can be kept.
function writable(folder) {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    rmSync(mkdtempSync(path.join(folder, 'probe-')), { recursive: true })
    return folder
  } catch {
    if (ofThisRun === undefined) {
      const made = (ofThisRun = mkdtempSync(path.join(tmpdir(), 'switchover-')))
      process.on('exit', () => rmSync(made, { recursive: true, force: true }))
    }
    return ofThisRun
  }
}

/** Removes builds that nobody can be running any more. */
function sweep(place, name, kept) {
  for (const entry of readdirSync(place)) {
    if (!/^-[0-9a-f]{12}$/.test(entry.slice(name.length)) || !entry.startsWith(name) || entry === kept) continue
    const old = path.join(place, entry)
    if (Date.now() - statSync(old).mtimeMs > day) rmSync(old, { recursive: true, force: true })
  }
}

async function buildLibrary(outdir) {
  const files = await Promise.all([
    build(
      {
        stdin: {
          contents: `module.exports = { ${doors.map((door) => `'${door}': () => require('./${door}')`)} }`,
          resolveDir: library,
        },
        outfile: path.join(outdir, 'library.js'),
        sourcemap: true,
        external: apart,
        supported: { 'dynamic-import': false },
        alias: { 'string-width': path.join(library, 'report/width.ts') },
        ...asFunction(['require', 'lazily', 'ssh'], strict),
      },
      (b) => {
        b.onResolve({ filter: new RegExp(`^(?:${forSsh.join('|')})$`) }, ({ path: name }) => ({
          path: name,
          namespace: 'ssh',
        }))
        b.onLoad({ filter: /./, namespace: 'ssh' }, ({ path: name }) => ({
          contents: `module.exports = ssh('${name}')`,
        }))
        b.onResolve({ filter: new RegExp(`^(?:${lazy.join('|')})$`) }, ({ path: name, kind }) =>
          kind === 'import-statement' ? { path: name, namespace: 'lazy' } : undefined,
        )
        // Taken apart by yargs as soon as that is loaded.
        b.onLoad({ filter: /^assert$/, namespace: 'lazy' }, () => ({
          contents:
            "for (const name of ['notStrictEqual', 'strictEqual']) exports[name] = (...given) => require('assert')[name](...given)",
        }))
        b.onLoad({ filter: /./, namespace: 'lazy' }, ({ path: name }) => ({
          contents: `module.exports = lazily(() => require('${name}'))`,
          resolveDir: library,
        }))
      },
    ),
    build(
      {
        stdin: {
          contents: `module.exports = { ${forSsh.map((name) => `'${name}': require('${name}')`)} }`,
          resolveDir: library,
        },
        outfile: path.join(outdir, 'ssh.js'),
        ...asFunction(['require', '__dirname']),
      },
      (b) => {
        b.onResolve({ filter: unused }, ({ path: name, importer }) =>
          importer.includes('/ssh2/') ? { path: name, namespace: 'unused' } : undefined,
        )
        b.onLoad({ filter: /./, namespace: 'unused' }, () => ({ contents: '' }))
        // Native parts, which may be missing: whoever asks for them knows.
        b.onResolve({ filter: /\.node$/ }, ({ path: name, resolveDir }) => ({
          path: path.resolve(resolveDir, name),
          external: true,
        }))
      },
    ),
  ])
  return files.flat()
}

// Modules are strict; packages that are none say it themselves.
const strict = '"use strict";'

const asFunction = (given, directive = '') => ({
  // Short to read; not in one line, which Node would show when nobody catches an error.
  minifyWhitespace: true,
  lineLimit: 200,
  banner: { js: `(function (${given}) { ${directive} const module = { exports: {} }, { exports } = module;` },
  footer: { js: 'return module.exports })' },
})

async function buildAuthored(outdir, file) {
  // Node has to load packages as they are, which may not be possible at once.
  let needsModule = false
  const as = (format, outfile) =>
    build(
      {
        entryPoints: [file],
        format,
        outfile: path.join(outdir, outfile),
        sourcemap: true,
        ...(format === 'cjs' ? { banner: { js: strict } } : {}),
      },
      (b) => {
        b.onResolve({ filter: /./ }, async (args) => {
          if (args.kind === 'entry-point' || args.pluginData === 'seen' || args.path.startsWith('node:'))
            return undefined
          const { kind, importer, resolveDir } = args
          const found = await b.resolve(args.path, { kind, importer, resolveDir, pluginData: 'seen' })
          if (found.errors.length > 0 || found.external) return found
          if (found.path.startsWith(library + path.sep)) {
            const door = path.relative(library, found.path)
            return authors.includes(door)
              ? { path: door, namespace: 'door' }
              : {
                  errors: [{ text: `${args.path} is the library's own: import from its index.ts or modules/index.ts` }],
                }
          }
          if (!found.path.includes(`${path.sep}node_modules${path.sep}`)) return found
          needsModule ||= kind !== 'dynamic-import'
          return { path: pathToFileURL(found.path).href, external: true }
        })
        // Not a copy of the library: the very modules that are running.
        b.onLoad({ filter: /./, namespace: 'door' }, ({ path: door }) => {
          const running = `globalThis[Symbol.for('switchover')]('${door}')`
          return {
            contents: `const door = ${running}\n${Object.keys(globalThis[Symbol.for('switchover')](door))
              .map((name) => `export const ${name} = door.${name}\n`)
              .join('')}`,
          }
        })
      },
    )
  try {
    const files = await as('cjs', 'main.cjs')
    if (!needsModule) return files
  } catch (error) {
    if (!awaits.test(error.message)) throw error
  }
  const files = await as('esm', 'main.mjs')
  writeFileSync(path.join(outdir, 'main.cjs'), "module.exports = import('./main.mjs')\n")
  return files
}

const awaits = /: ERROR: Top-level await is currently not supported with the "cjs" output format$/m

/** Builds, and gives the files that went in. */
async function build(options, setup) {
  const { build: bundle } = require('esbuild')
  try {
    const { metafile } = await bundle({
      format: 'cjs',
      ...options,
      bundle: true,
      platform: 'node',
      target: 'node20',
      sourcesContent: false,
      legalComments: 'none',
      metafile: true,
      logLevel: 'silent',
      absWorkingDir: '/',
      define: {
        'import.meta.url': '__sourceUrl',
        'import.meta.filename': '__sourceFile',
        'import.meta.dirname': '__sourceFolder',
      },
      plugins: [
        {
          name: 'switchover',
          setup(b) {
            setup(b)
            b.onLoad({ filter: /\.[cm]?[jt]s$/, namespace: 'file' }, ({ path: source }) => {
              const text = readFileSync(source, 'utf8')
              // A built file lies elsewhere: what asks where it is must hear of its source. On the first line, to move no other.
              const places = !text.includes('import.meta.')
                ? ''
                : `const __sourceUrl = ${JSON.stringify(pathToFileURL(source).href)}, ` +
                  `__sourceFile = ${JSON.stringify(source)}, __sourceFolder = ${JSON.stringify(path.dirname(source))}; `
              return { contents: places + text, loader: /ts$/.test(source) ? 'ts' : 'js' }
            })
          },
        },
      ],
    })
    return Object.keys(metafile.inputs)
      .filter((input) => !/^<stdin>$|^(?:door|lazy|ssh|unused):/.test(input))
      .map((input) => path.resolve('/', input))
  } catch (error) {
    if (!error.errors?.length) throw error
    throw new Error(
      error.errors
        .map(({ text, location }) => {
          const { file, line, column } = location ?? { file: '', line: 0, column: 0 }
          const source = path.resolve('/', file)
          const missing = /^Could not resolve "(.+)"$/.exec(text)?.[1]
          if (missing)
            return `Cannot find module '${missing.startsWith('.') ? path.resolve(path.dirname(source), missing) : missing}' imported from ${source}`
          const [, door, name] = /^No matching export in "door:(.+)" for import "(.+)"$/.exec(text) ?? []
          const told =
            name === undefined
              ? text
              : `The requested module '${path.join(library, door)}' does not provide an export named '${name}'`
          return `${source}:${line}:${column + 1}: ERROR: ${told}`
        })
        .join('\n'),
    )
  }
}

module.exports = { buildAuthored, buildLibrary, keptBuild }
