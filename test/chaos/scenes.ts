import type { Scene } from './scene.ts'
import { playAcks } from './scene-acks.ts'
import { playOutage } from './scene-outage.ts'
import { playRefill } from './scene-refill.ts'
import { playStoreless } from './scene-storeless.ts'
import { playKills, playRestarts } from './scene-workers.ts'

/** By the goal that each is for. */
export const SCENES = {
  G2: {
    about: 'logouts with 16 workers that are asked half of what they can bear',
    times: 1_000,
    play: playAcks,
  },
  G6: {
    about: 'live sessions, and as many that have ended: Redis is killed and comes back empty',
    times: 100_000,
    play: playRefill,
  },
  G7: {
    about: 'Redis away with the second lease on, for so many seconds: who is known is served',
    times: 30,
    play: playOutage,
  },
  G8: {
    about: 'Postgres away for so many seconds: nobody who has a session is refused',
    times: 30,
    play: playStoreless,
  },
  G9: {
    about: 'kill -9 of one of two workers, so often: only what it had in flight fails',
    times: 1_000,
    play: playKills,
  },
  G10: {
    about: 'rolling restarts behind nginx under load, so many: nothing fails',
    times: 100,
    play: playRestarts,
  },
} as const satisfies Record<string, Scene>

export type SceneName = keyof typeof SCENES
