/** The part of TensorBoard's protocol buffers (event.proto, summary.proto) that scalars need. */
import protobuf from 'protobufjs'

export interface Event {
  /** Seconds since 1970. */
  wallTime: number
  step?: number
  fileVersion?: string
  summary?: { value: { tag: string; simpleValue: number }[] }
  /** `status` 1 at a step: what was written for this step and later ones in earlier files is void. */
  sessionLog?: { status: number }
}

const schema = `
syntax = "proto3";
package tensorflow;

message Event {
  double wall_time = 1;
  int64 step = 2;
  string file_version = 3;
  Summary summary = 5;
  SessionLog session_log = 7;
}

message Summary {
  repeated Value value = 1;
  message Value {
    string tag = 1;
    float simple_value = 2;
  }
}

message SessionLog {
  int32 status = 1;
}
`

let eventType: protobuf.Type | undefined

export function encodeEvent(event: Event): Uint8Array {
  return type().encode(type().fromObject(event)).finish()
}

/** The step of an encoded event; 0 where it has none. */
export function stepOfEvent(bytes: Uint8Array): number {
  const { step } = type().decode(bytes) as unknown as { step?: number | { toNumber(): number } }
  return typeof step === 'object' ? step.toNumber() : (step ?? 0)
}

/** Parses the schema on first use. */
function type(): protobuf.Type {
  eventType ??= protobuf.parse(schema).root.lookupType('tensorflow.Event')
  return eventType
}
