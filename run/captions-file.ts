/** Of a run on pictures without captions: the captions that its teacher gave them. */
export const captionsFile = 'teacher-captions.jsonl'
