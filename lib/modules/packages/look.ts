import { type Installed, packagesOf, type Versions } from '../../facts/packages.ts'
import { answers } from '../../kit/answers.ts'
import { sh } from '../../kit/shell.ts'
import { Advice, type Reader } from '../../model/operation.ts'
import type { Wanted } from './versions.ts'

/** What is installed, and what the package files that are wanted hold. */
export interface Looked extends Installed {
  readonly files: readonly PackageFile[]
}

/** A package file of the host, and which package it holds. */
export interface PackageFile {
  readonly path: string
  readonly name: string
  readonly version: string
}

/** The wanted packages by name, also those that were wanted as files. */
export function namesOf(wanted: Wanted, files: readonly PackageFile[]): Wanted {
  return {
    ...Object.fromEntries(Object.entries(wanted).filter(([name]) => !isFile(name))),
    ...Object.fromEntries(files.map(({ name, version }) => [name, version])),
  }
}

/** Is it a package file of the host, and not a name? */
export function isFile(name: string): boolean {
  return /^\/.*\.(deb|rpm)$/.test(name)
}

/**
 * Looks which of the wanted packages are installed. A name that only others provide counts as installed in the version
 * of the one that does.
 * @throws Advice when a file is missing or no package
 */
export async function lookAtPackages(connection: Reader, wanted: Wanted): Promise<Looked> {
  const paths = Object.keys(wanted).filter(isFile)
  const files = paths.length === 0 ? [] : await readFiles(connection, paths)
  const names = namesOf(wanted, files)
  const found = await packagesOf(connection, Object.keys(names))
  const unknown = Object.keys(names).filter((name) => names[name] === '' && found.versions[name] === undefined)
  const provided = unknown.length === 0 ? {} : await providers(connection, unknown)
  return { ...found, versions: { ...found.versions, ...provided }, files }
}

async function readFiles(connection: Reader, paths: readonly string[]): Promise<readonly PackageFile[]> {
  const found = await answers(
    connection,
    Object.fromEntries(
      paths.map((path) => [
        path,
        path.endsWith('.deb')
          ? sh`dpkg-deb -f ${path} Package Version 2>&1`
          : sh`rpm -qp --nosignature --qf ${'Package: %{NAME}\nVersion: %{VERSION}-%{RELEASE}\n'} ${path} 2>&1`,
      ]),
    ),
  )
  return paths.map((path) => {
    const { code, stdout } = found[path]!
    const name = /^Package: (\S+)/m.exec(stdout)?.[1]
    const version = /^Version: (\S+)/m.exec(stdout)?.[1]
    if (code === 0 && name !== undefined && version !== undefined) return { path, name, version }
    throw new Advice(
      `${path} is no package that the host can read: ${stdout.trim().split('\n').at(-1)}`,
      'bring it first, with file.copy or http.download',
    )
  })
}

async function providers(connection: Reader, names: readonly string[]): Promise<Versions> {
  const { dpkg, rpm } = await answers(connection, {
    dpkg: `[ -s /var/lib/dpkg/status ] && dpkg-query -W -f '\${Status}\\t\${Version}\\t\${Provides}\\n' 2>/dev/null`,
    rpm: `[ -s /var/lib/dpkg/status ] || ! command -v rpm >/dev/null 2>&1 || ${sh`for n in ${names}`}
do rpm -q --whatprovides --qf "$n\\t%{VERSION}-%{RELEASE}\\n" "$n" 2>/dev/null; done`,
  })
  const found: Record<string, string> = {}
  for (const line of dpkg.stdout.split('\n')) {
    const [status = '', version = '', provides = ''] = line.split('\t')
    if (!status.endsWith(' ok installed')) continue
    for (const one of provides.split(', ')) {
      const name = one.replace(/[ :].*/, '')
      if (names.includes(name)) found[name] ??= version
    }
  }
  for (const line of rpm.stdout.split('\n')) {
    const [name = '', version] = line.split('\t')
    if (version !== undefined && names.includes(name)) found[name] ??= version
  }
  return found
}
