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
// What a build names its parts by: a package tells nothing of the machine that made it.
const base = path.join(library, '..')
const root = path.join(library, '..')
const packages = path.join(root, 'node_modules')
const own = ['run.cjs', 'compiled.cjs', 'build.cjs'].map((file) => path.join(library, file))
const day = 86_400_000
// What may be imported of the library from outside, by its names; the rest is reached through these.
const authors = {
  switchover: 'index.ts',
  'switchover/modules': 'modules/index.ts',
  'switchover/kit': 'kit/index.ts',
}
const doors = ['cli.ts', ...Object.values(authors)]
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
async function keptBuild({ name, entry, caches, library }, build) {
  // Where one disk has no room for it, the next may.
  for (const cache of caches.filter(writable))
    try {
      return await buildInto(cache)
    } catch (error) {
      if (error.syscall === undefined) throw error
    }
  return buildInto(temporary())

  async function buildInto(place) {
    const folder = `${name}-${randomBytes(6).toString('hex')}`
    const outdir = path.join(place, folder)
    mkdirSync(outdir, { mode: 0o700 })
    try {
      return await buildThere(place, folder, outdir)
    } catch (error) {
      rmSync(outdir, { recursive: true, force: true })
      throw error
    }
  }

  async function buildThere(place, folder, outdir) {
    const files = await build(outdir, entry)
    // What npm has installed changes with this file only: one look instead of a hundred at each start.
    const installed = path.join(packages, '.package-lock.json')
    const told = files.map((file) => (file.startsWith(packages + path.sep) && existsSync(installed) ? installed : file))
    const sources = [...new Set([entry, ...own, ...told])].map((source) => {
      const { mtimeMs, size } = statSync(source)
      return [source, mtimeMs, size]
    })
    const draft = path.join(outdir, 'stamp')
    writeFileSync(draft, JSON.stringify({ folder, library, sources }), { mode: 0o600 })
    renameSync(draft, path.join(place, `${name}.json`))
    sweep(place, name, folder)
    return outdir
  }
}

function writable(folder) {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    rmSync(mkdtempSync(path.join(folder, 'probe-')), { recursive: true })
    return true
  } catch {
    return false
  }
}

let ofThisRun

// A folder for this run alone where none can be kept.
function temporary() {
  if (ofThisRun === undefined) {
    const made = (ofThisRun = mkdtempSync(path.join(tmpdir(), 'switchover-')))
    process.on('exit', () => rmSync(made, { recursive: true, force: true }))
  }
  return ofThisRun
}

/** Removes builds that nobody can be running any more. */
function sweep(place, name, kept) {
  for (const entry of readdirSync(place)) {
    if (!/^-[0-9a-f]{12}$/.test(entry.slice(name.length)) || !entry.startsWith(name) || entry === kept) continue
    const old = path.join(place, entry)
    if (Date.now() - statSync(old).mtimeMs > day) rmSync(old, { recursive: true, force: true })
  }
}

/** Builds the library into a folder of the package to be packed, so that an installation need not. */
async function prebuild(outdir) {
  mkdirSync(outdir, { recursive: true })
  await buildLibrary(path.resolve(outdir))
  writeFileSync(path.join(outdir, 'id'), randomBytes(12).toString('hex'))
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
        ...asFunction(['lazily', 'ssh'], strict),
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
        ...asFunction(['__dirname']),
      },
      (b) => {
        b.onResolve({ filter: unused }, ({ path: name, importer }) =>
          importer.includes('/ssh2/') ? { path: name, namespace: 'unused' } : undefined,
        )
        b.onLoad({ filter: /./, namespace: 'unused' }, () => ({ contents: '' }))
        // Native parts of a package, which may be missing: whoever asks for them knows. By the name of the package, never
        // by a place of this machine, where somebody else's code could lie on another one.
        b.onResolve({ filter: /\.node$/ }, ({ path: name, resolveDir }) => ({
          path: path.resolve(resolveDir, name).split(`${path.sep}node_modules${path.sep}`).at(-1),
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
  banner: {
    js: `(function (${['require', 'sourceOf', ...given]}) { ${directive} const module = { exports: {} }, { exports } = module;`,
  },
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
          // By its name it is this library, wherever the file lies and whatever was installed there.
          if (Object.hasOwn(authors, args.path)) return { path: authors[args.path], namespace: 'door' }
          const { kind, importer, resolveDir } = args
          const found = await b.resolve(args.path, { kind, importer, resolveDir, pluginData: 'seen' })
          if (found.errors.length > 0 || found.external) return found
          if (found.path.startsWith(library + path.sep)) {
            const door = path.relative(library, found.path)
            return Object.values(authors).includes(door)
              ? { path: door, namespace: 'door' }
              : {
                  errors: [
                    { text: `${args.path} is the library's own: import from ${Object.keys(authors).join(', ')}` },
                  ],
                }
          }
          if (!found.path.includes(`${path.sep}node_modules${path.sep}`) || isForUs(found.path)) return found
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
      fixed,
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

/** Belongs this file to a package made for us, of roles or modules? It must get the library that is running, not one of its own. */
function isForUs(file) {
  const [folder] = new RegExp(`^.*${path.sep}node_modules${path.sep}(?:@[^/]+/)?[^/]+`).exec(file)
  try {
    const { dependencies, peerDependencies } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
    return { ...dependencies, ...peerDependencies }.switchover !== undefined
  } catch {
    return false
  }
}

const awaits = /: ERROR: Top-level await is currently not supported with the "cjs" output format$/m

// What a file is told of its place. The library may be built elsewhere than it runs, with its packages somewhere around it.
function relocatable(source) {
  const [, name, file] = new RegExp(`^${packages}/((?:@[^/]+/)?[^/]+)/(.*)$`).exec(source) ?? []
  return name === undefined
    ? `sourceOf('', ${JSON.stringify(path.relative(root, source))})`
    : `sourceOf('${name}', ${JSON.stringify(file)})`
}

function fixed(source) {
  return JSON.stringify({ file: source, url: pathToFileURL(source).href, folder: path.dirname(source) })
}

/** Builds, and gives the files that went in. */
async function build(options, setup, placeOf = relocatable) {
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
      absWorkingDir: base,
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
              const places = text.includes('import.meta.')
                ? `const { file: __sourceFile, url: __sourceUrl, folder: __sourceFolder } = ${placeOf(source)}; `
                : ''
              return { contents: places + text, loader: /ts$/.test(source) ? 'ts' : 'js' }
            })
          },
        },
      ],
    })
    return Object.keys(metafile.inputs)
      .filter((input) => !/^<stdin>$|^(?:door|lazy|ssh|unused):/.test(input))
      .map((input) => path.resolve(base, input))
  } catch (error) {
    if (!error.errors?.length) throw error
    const [, place, reason] = /^Failed to (?:write|create) .*?: \w+ (.+): ([^:]+)$/.exec(error.errors[0].text) ?? []
    if (place !== undefined) throw refusedByDisk(place, reason)
    throw new Error(
      error.errors
        .map(({ text, location }) => {
          const { file, line, column } = location ?? { file: '', line: 0, column: 0 }
          const source = path.resolve(base, file)
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

// As Node has it: the builder tells only the reason.
function refusedByDisk(place, reason) {
  const code = Object.entries({
    ENOSPC: 'no space left on device',
    EDQUOT: 'disk quota exceeded',
    EROFS: 'read-only file system',
    EACCES: 'permission denied',
  }).find(([, one]) => one === reason)?.[0]
  return Object.assign(new Error(`${code ?? 'EIO'}: ${reason}, write '${place}'`), {
    code: code ?? 'EIO',
    syscall: 'write',
    path: place,
  })
}

module.exports = { buildAuthored, buildLibrary, keptBuild, prebuild }
