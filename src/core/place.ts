import type { Address } from './address.ts'

/** Where an address is, in lower case; a field is empty where it is not known. */
export interface Place {
  /** `eu` */
  readonly continentCode: string
  /** `europe` */
  readonly continent: string
  /** ISO 3166-1 alpha-2: `ua`. */
  readonly countryCode: string
  /** `ukraine` */
  readonly country: string
}

/** An address that no country is known of; no restriction of a place can match it. */
export const NOWHERE: Place = Object.freeze({
  continentCode: '',
  continent: '',
  countryCode: '',
  country: '',
})

/** Where an address is; undefined if that cannot be told now, for want of a file to believe. */
export type FindPlace = (address: Address) => Place | undefined

/** The seven, as MaxMind's files name and number them. */
export const CONTINENTS: ReadonlyMap<string, string> = new Map([
  ['af', 'africa'],
  ['an', 'antarctica'],
  ['as', 'asia'],
  ['eu', 'europe'],
  ['na', 'north america'],
  ['oc', 'oceania'],
  ['sa', 'south america'],
])
