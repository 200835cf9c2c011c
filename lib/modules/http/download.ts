import { type OptionNames, refuseUnknown } from '../../model/option-names.ts'
import { replacedFile } from '../../kit/replacing.ts'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aside } from '../../kit/aside.ts'
import { type Command, perform, performStep } from '../../kit/command.ts'
import { refuse } from '../../kit/refusal.ts'
import { look } from '../../kit/look.ts'
import { checkedMode } from '../../kit/mode.ts'
import {
  attributesDiff,
  differing,
  filePath,
  modeFor,
  mustBeFile,
  mustHaveFolder,
  mustNotBePlanted,
  type PathState,
  setAttributes,
} from '../../kit/path-state.ts'
import { notWritten, writing } from '../../kit/writing.ts'
import { plainly, sh } from '../../kit/shell.ts'
import { Advice, CommandFailed, type Connection, operation } from '../../model/operation.ts'
import type { CommandResult, FileMeta, Operation, Plan, Reader } from '../../model/operation.ts'
import { masked, Secret } from '../../model/secret.ts'
import { carry } from '../copy-between/carry.ts'
import { hostTarget, localSource, stampOf, suffix } from '../copy-between/ends.ts'
import { meterOf } from '../copy-between/progress.ts'
import type { HttpOptions } from '../http.ts'
import { checked, withoutPassword } from './fetch.ts'

/** What is downloaded and what becomes of it. */
export type DownloadOptions = Pick<HttpOptions, 'headers' | 'verify'> & {
  /** What the file must be, as `sha256:9f86…`; sha512, sha1 and md5 are known, too. */
  readonly checksum?: string
  /** Who asks the server: the host itself, with its curl or wget, unless this is the controller. */
  readonly through?: 'host' | 'controller'
  /** Seconds until it must be complete; 3600 unless said. */
  readonly timeout?: number
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
}

const downloadNames: OptionNames<DownloadOptions> = {
  headers: true,
  verify: true,
  checksum: true,
  through: true,
  timeout: true,
  mode: true,
  owner: true,
  group: true,
}

/** Whether the file was downloaded, or got other attributes. */
export type Downloaded = { readonly path: string; readonly changed: boolean }

/**
 * A file from a server. With a checksum the file is what the checksum says, whatever was there before, and what has
 * come with another one never gets its name; without one a file that is there stays, and the server is not asked.
 *
 * ```ts
 * task('Bring the image', http.download('https://example.org/cirros.img', '/srv/images/cirros.img', {
 *   checksum: 'sha256:e137062a4dfbb4c225971b67781bc52183d14517170e16a3841d16f962ae7470',
 * }))
 * ```
 * Through the controller a file comes once for all hosts, to which it is then sent. Proxies are those of the
 * environment of whoever asks.
 * @throws Advice when the server refuses, the checksum differs, or there is neither curl nor wget
 */
export function download(url: string | Secret, path: string, options: DownloadOptions = {}): Operation<Downloaded> {
  refuseUnknown('http.download', options, downloadNames)
  const bare = url instanceof Secret ? url.reveal() : url
  checked(bare)
  for (const text of [bare, ...Object.entries(options.headers ?? {}).flat()])
    if (/["\\\p{Cc}]/u.test(text instanceof Secret ? text.reveal() : text))
      throw new Advice(
        `http.download ${path}: a URL or header cannot hold quotes, backslashes or line ends here`,
        'write them percent-encoded, as %22 for a quote',
      )
  if (options.checksum !== undefined) checksumOf(options.checksum)
  if (options.mode !== undefined) checkedMode(options.mode)
  return bring({ url, path: filePath(path), options })
}

type Asking = { readonly url: string | Secret; readonly path: string; readonly options: DownloadOptions }

interface Found {
  readonly state: PathState
  /** Of the file that is there, where one is wanted. */
  readonly sum: string | undefined
}

/** A download that is to be made, and what gives it its attributes and its name. */
type Change = Command | { readonly fetch: Command; readonly path: string; readonly meta: FileMeta }

const bring = operation<Asking, Found, Change, Downloaded>(
  ({ url, path }) => `http.download ${url instanceof Secret ? String(url) : withoutPassword(url)} to ${path}`,
  {
    async read(connection, { path, options: { checksum } }) {
      const state = await look(connection, path)
      if (checksum === undefined || state.kind !== 'file') return { state, sum: undefined }
      return { state, sum: await sumThere(connection, state.target, checksum) }
    },
    plan,
    async apply(connection, change, { url, options }) {
      if ('script' in change) await performStep(connection, change)
      else {
        if (options.through === 'controller') await throughHere(connection, change.path, url, options)
        else await perform(connection, change.fetch)
        const { path, meta } = change
        const named = await connection.exec(writing(path, meta, { part: `${path}${suffix}` }))
        if (named.code !== 0) throw notWritten(path, connection.host.name, meta, named)
      }
    },
  },
)

function plan({ state, sum }: Found, { url, path, options }: Asking): Plan<Downloaded, Change> {
  if (state.kind === 'directory')
    throw new Advice(
      `${path} is a directory`,
      'name the file that is to lie in it: a server does not choose names here',
    )
  mustNotBePlanted(state)
  mustBeFile(state)
  mustHaveFolder(state)
  const { checksum, mode, owner, group } = options
  if (state.exists && (checksum === undefined || sum === checksumOf(checksum).digest)) {
    const lacking = differing(state, { mode, owner, group })
    const diff = attributesDiff(state, lacking)
    if (!diff) return { result: { path, changed: false } }
    return {
      result: { path, changed: true },
      change: { script: setAttributes(state.target, lacking), tidy: true },
      replaces: replacedFile(state),
      diff,
    }
  }
  const part = `${state.target}${suffix}`
  const kept = mode === undefined ? (state.exists ? state.mode : '0644') : modeFor(state, mode)
  const meta = { mode: kept, ...(owner === undefined ? {} : { owner }), ...(group === undefined ? {} : { group }) }
  return {
    result: { path, changed: true },
    change: {
      path: state.target,
      fetch: fetching(url, part, options),
      meta,
    },
    replaces: replacedFile(state),
    diff: {
      path,
      before: state.exists ? `${state.size} bytes${sum === undefined ? '' : `, ${toldSum(checksum!, sum)}`}\n` : '',
      after: checksum === undefined ? `what ${shown(url)} sends\n` : `${checksum}\n`,
    },
  }
}

const shown = (url: string | Secret) => (url instanceof Secret ? String(url) : withoutPassword(url))
const toldSum = (checksum: string, sum: string) => `${checksum.split(':')[0]}:${sum}`

const digits: Readonly<Record<string, number>> = { md5: 32, sha1: 40, sha256: 64, sha512: 128 }

function checksumOf(checksum: string): { readonly tool: string; readonly digest: string } {
  const [, kind = '', digest = ''] = /^(\w+):([0-9a-fA-F]+)$/.exec(checksum) ?? []
  if (digits[kind] !== digest.length)
    throw new Advice(
      `the checksum ${JSON.stringify(checksum)} is not like sha256:9f86… with all its digits`,
      'make it with sha256sum FILE, and write sha256: before it',
    )
  return { tool: `${kind}sum`, digest: digest.toLowerCase() }
}

async function sumThere(connection: Reader, path: string, checksum: string): Promise<string> {
  const { tool } = checksumOf(checksum)
  const script = `${tool} < ${sh`${path}`}`
  const { code, said, stderr } = await aside(connection, script)
  if (code !== 0) throw new CommandFailed(script, { code, stdout: '', stderr })
  return /^[0-9a-f]+/.exec(said.toString())?.[0] ?? ''
}

/** What downloads into a file. URL and headers are read: a password in them must not stand on a command line. */
export function fetching(url: string | Secret, part: string, options: DownloadOptions): Command {
  const { headers = {}, timeout = 3600 } = options
  const lines = Object.entries(headers).map(([name, value]) => masked`${name}: ${value}\n`)
  return {
    script: fetchScript(part, options),
    stdin: Secret.join([url, '\n', ...lines]),
    timeout: timeout + 60,
    long: true,
    shown: `download ${shown(url)}`,
  }
}

function fetchScript(part: string, { checksum, headers = {}, timeout = 3600, verify = true }: DownloadOptions): string {
  const secret = Object.keys(headers).length > 0 ? 'yes' : ''
  return `${plainly}${refuse}
umask 077
t=${sh`${part}`}
d=\${t%/*}; [ -d "\${d:-/}" ] || refuse "there is no directory $d" 'make it first, with file.directory'
w=$(mktemp -d) || exit
trap 'rm -rf -- "$w"' EXIT; trap 'rm -rf -- "$w"; exit 130' HUP INT TERM
IFS= read -r url
secret=${secret}; case $url in *://*@*) secret=yes ;; esac
printf '%s\\n' "$url" >"$w/url"
printf 'url = "%s"\\n' "$url" >"$w/curl"
while IFS= read -r l; do
  printf 'header = "%s"\\n' "$l" >>"$w/curl"
  printf 'header = %s\\n' "$l" >>"$w/wget"
done
# Else wget sends a password only when it is asked for one.
case $url in *://*@*) echo 'auth_no_challenge = on' >>"$w/wget" ;; esac
gone() { c=$?; rm -f -- "$t"; exit $c; }
rm -f -- "$t" || exit
if command -v curl >/dev/null 2>&1; then
  curl -q -fsSL --connect-timeout 30 --max-time ${Math.ceil(timeout)}${verify ? '' : ' -k'} \
    -K "$w/curl" -o "$t" || gone
elif wget --version 2>/dev/null | grep -q GNU; then
  [ ! -f "$w/wget" ] || { WGETRC=$w/wget; export WGETRC; }
  wget -nv -t 1 -T 30${verify ? '' : ' --no-check-certificate'} -O "$t" -i "$w/url" || gone
elif command -v wget >/dev/null 2>&1; then
  hint='install curl, or GNU wget, or give through: controller'
  [ -z "$secret" ] || refuse 'the wget of this host takes headers and passwords on its command line only' "$hint"
  case $url in https:*) [ -n "${verify && checksum === undefined ? '' : 'yes'}" ] ||
    refuse 'the wget of this host checks no certificates' "$hint, or a checksum" ;; esac
  wget -q -O "$t" "$url" || gone
else
  refuse 'there is neither curl nor wget' "install one, or give through: 'controller'"
fi
${checksum === undefined ? '' : summing(checksum)}`
}

function summing(checksum: string): string {
  const { tool, digest } = checksumOf(checksum)
  return `s=$(${tool} <"$t") || exit
[ "\${s%% *}" = ${digest} ] || {
  rm -f -- "$t"
  refuse "what came has the checksum \${s%% *} and not ${digest}" \
    'check the URL and the checksum; a proxy or a mirror may send another file'
}`
}

// What was downloaded here, and the files of which the process disposes when it ends.
const here = new Map<string, Promise<string>>()
const folders: string[] = []

async function throughHere(
  connection: Connection,
  path: string,
  url: string | Secret,
  options: DownloadOptions,
): Promise<void> {
  const bare = url instanceof Secret ? url.reveal() : url
  const key = JSON.stringify([bare, options.checksum, Object.keys(options.headers ?? {})])
  const coming = here.get(key) ?? fetchHere(url, options)
  here.set(key, coming)
  const from = await coming.catch((error: unknown) => {
    here.delete(key)
    throw error
  })
  const found = statSync(from)
  await carry({
    source: localSource(from),
    target: hostTarget(connection, path),
    bytes: found.size,
    stamp: stampOf(found),
    meter: meterOf(connection, found.size),
  })
}

async function fetchHere(url: string | Secret, options: DownloadOptions): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'switchover-download-'))
  if (folders.length === 0)
    process.once('exit', () => folders.forEach((one) => rmSync(one, { recursive: true, force: true })))
  folders.push(folder)
  const path = join(folder, 'file')
  const command = fetching(url, path, options)
  await perform({ exec: execHere } as Reader, command)
  return path
}

function execHere(
  script: string,
  { stdin = '', timeout = 3600 }: Parameters<Reader['exec']>[1] = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', script], { timeout: timeout * 1000 })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (part) => (stdout += String(part)))
    child.stderr.on('data', (part) => (stderr += String(part)))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? 255, stdout, stderr }))
    child.stdin.on('error', () => {})
    child.stdin.end(stdin instanceof Secret ? stdin.reveal() : stdin)
  })
}
