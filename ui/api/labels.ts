import { type Params, getJson } from './client.ts';
import type { LabelsReply, LabelValuesReply } from './types.ts';

/** The commonest label keys among the traces that match. */
export function listLabelKeys(params: Params, signal?: AbortSignal): Promise<LabelsReply> {
  return getJson<LabelsReply>('/labels', params, signal);
}

/** The commonest values of one label among the traces that match. */
export function listLabelValues(key: string, params: Params, signal?: AbortSignal): Promise<LabelValuesReply> {
  return getJson<LabelValuesReply>('/labels/values', { ...params, key }, signal);
}
