import { Advice } from '../model/operation.ts'
import { sh } from './shell.ts'

/** The name, when the tools of a host take it as the name of a user or group. */
export function accountName(name: string): string {
  if (!/^[A-Za-z_][\w.-]{0,30}[\w$.-]?$/.test(name)) {
    throw new Advice(
      `${JSON.stringify(name)} cannot be the name of a user or group`,
      'use letters, digits, dots, hyphens and underscores',
    )
  }
  return name
}

/** The name, when it is not that of the account by which a host is kept. */
export function removable(word: string, name: string): string {
  if (name === 'root') throw indispensable(word, name)
  return accountName(name)
}

/** The refusal to remove what no host lives without. */
export function indispensable(word: string, name: string): Advice {
  return new Advice(`${word} ${name}: no host lives without it`, 'name the account that is to go')
}

/** The number, when it can be a uid or gid. */
export function accountNumber(what: string, number: number): number {
  if (!Number.isInteger(number) || number < 0 || number >= 4294967295)
    throw new Advice(`${number} cannot be a ${what}`, 'give a whole number from 0 to 4294967294')
  return number
}

/** A script that prints the line of a user or group, wherever the host keeps its accounts, or nothing. */
export function databaseLine(database: 'passwd' | 'group', name: string): string {
  const file = sh`grep ${`^${name}:`} ${`/etc/${database}`}`
  return `if command -v getent >/dev/null 2>&1; then ${sh`getent ${database} ${name}`}; else ${file}; fi`
}
