import type { AptRepository, YumRepository } from '../repository.ts'

/** A source as apt has it since 1.1, a field a line. */
export function deb822(repository: AptRepository, keyring: string | undefined): string {
  const { types = ['deb'], uris, suites, components = [], architectures = [] } = repository
  const fields: readonly (readonly [string, string])[] = [
    ['Types', types.join(' ')],
    ['URIs', [uris].flat().join(' ')],
    ['Suites', [suites].flat().join(' ')],
    ['Components', components.join(' ')],
    ['Architectures', architectures.join(' ')],
    ['Signed-By', keyring ?? ''],
  ]
  return fields.flatMap(([name, value]) => (value === '' ? [] : [`${name}: ${value}\n`])).join('')
}

/** The same in lines, as every apt has it. */
export function oneLine(repository: AptRepository, keyring: string | undefined): string {
  const { types = ['deb'], uris, suites, components = [], architectures = [] } = repository
  const options = [
    ...(architectures.length === 0 ? [] : [`arch=${architectures.join(',')}`]),
    ...(keyring === undefined ? [] : [`signed-by=${keyring}`]),
  ]
  const before = options.length === 0 ? '' : `[${options.join(' ')}] `
  return types
    .flatMap((type) =>
      [uris]
        .flat()
        .flatMap((uri) =>
          [suites].flat().map((suite) => `${[`${type} ${before}${uri}`, suite, ...components].join(' ')}\n`),
        ),
    )
    .join('')
}

/** A section of yum's or dnf's. */
export function repoFile(name: string, repository: YumRepository, key: string | undefined): string {
  const { description = name, baseurl, mirrorlist, metalink, gpgcheck = true, enabled = true, more = {} } = repository
  const fields: readonly (readonly [string, string | undefined])[] = [
    ['name', description],
    ['baseurl', baseurl === undefined ? undefined : [baseurl].flat().join('\n        ')],
    ['mirrorlist', mirrorlist],
    ['metalink', metalink],
    ['enabled', enabled ? '1' : '0'],
    ['gpgcheck', gpgcheck ? '1' : '0'],
    ['gpgkey', key],
    ...Object.entries(more).map(([field, value]) => [field, String(value)] as const),
  ]
  const lines = fields.flatMap(([field, value]) => (value === undefined ? [] : [`${field}=${value}\n`]))
  return [`[${name}]\n`, ...lines].join('')
}
