import { featuresJob } from './features-job.ts'
import { latencyJob } from './latency-job.ts'
import { plainJob } from './plain-job.ts'
import { recallJob } from './recall-job.ts'
import { stage1Job } from './stage1-job.ts'
import { stepCostJob } from './step-cost-job.ts'

/** Everything that is done in a process of its own. */
export const jobs = { stage1: stage1Job, plain: plainJob, features: featuresJob, latency: latencyJob, recall: recallJob, 'step-cost': stepCostJob }

type Jobs = typeof jobs
/** A job with its settings: plain data, because it goes to another process and into the key of its result. */
export type Job = { [Name in keyof Jobs]: { name: Name; work: Parameters<Jobs[Name]>[0] } }[keyof Jobs]
