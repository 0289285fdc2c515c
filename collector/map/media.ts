import type { Json } from '../lossless-json.ts';

type JsonObject = Record<string, Json>;

/** What is known of an image, a sound or a file: where it is, or the bytes themselves in base64. */
interface Given {
  /** Base64, a `data:` URL that holds it, or an address. */
  held?: Json | undefined;
  fileId?: Json | undefined;
  mimeType?: Json | undefined;
  modality?: Json | undefined;
  /** Fields without a canonical name: a file name, `detail`. */
  rest?: JsonObject | undefined;
}

const inlineUrl = /^data:([^;,]*)(?:;[^,]{0,100})?;base64,(.*)$/s;
const address = /^[a-z][a-z\d+.-]*:/i;

/** The canonical part `media`: with `content` (base64), `uri` or `file_id`, as far as they were sent. */
export function toMedia({ held, fileId, mimeType, modality, rest = {} }: Given): JsonObject {
  const inline = typeof held === 'string' ? inlineUrl.exec(held) : null;
  const mime = inline?.[1] !== undefined && inline[1] !== '' ? inline[1] : text(mimeType);
  return {
    ...rest,
    type: 'media',
    modality: text(modality) ?? modalityOf(mime),
    mime_type: mime ?? null,
    ...placeOf(held, inline?.[2]),
    ...(fileId === undefined || fileId === null ? {} : { file_id: fileId }),
  };
}

/** A part of a content list, `image`, `document` and the like, whose bytes or address lie under one of several names. */
export function readMediaPart(part: JsonObject, modality?: string): JsonObject {
  const { type: _type, source, data, base64, content, url, uri, file_id, fileId, ...others } = part;
  const { mime_type, mimeType, media_type, mediaType, modality: sent, ...rest } = others;
  const inner = isObject(source) ? source : {};
  const held = [inner['data'], inner['url'], content, data, base64, uri, url].find(isSaid);
  const id = [inner['file_id'], file_id, fileId].find(isSaid);
  if (held === undefined && id === undefined) return { type: 'data', value: part };
  const mime = [inner['media_type'], mime_type, mimeType, media_type, mediaType].find(isSaid);
  // A document of plain text is text, and needs nothing to be opened with.
  if (inner['type'] === 'text' && typeof held === 'string') return { ...rest, type: 'text', content: held };
  return toMedia({ held, fileId: id, mimeType: mime, modality: sent ?? modality, rest });
}

/** `image_url` and `input_image` of OpenAI: an address, bare or in an object with details. */
export function readImageUrl({
  type: _type,
  image_url: image = null,
  file_id: fileId,
  ...rest
}: JsonObject): JsonObject {
  const { url: held = null, ...details } = isObject(image) ? image : { url: image };
  if (fileId !== undefined && fileId !== null)
    return toMedia({ fileId, modality: 'image', rest: { ...rest, ...details } });
  return toMedia({ held: held ?? '', modality: 'image', rest: { ...rest, ...details } });
}

/** `input_audio` of OpenAI: base64 and its format, which is no media type. */
export function readInputAudio(part: JsonObject): JsonObject {
  const { type: _type, input_audio: audio = null, ...rest } = part;
  if (!isObject(audio)) return { type: 'data', value: part };
  const { data: held, ...details } = audio;
  return toMedia({ held, mimeType: audioType(details['format']), modality: 'audio', rest: { ...rest, ...details } });
}

/** `file` and `input_file` of OpenAI: an id, an address or base64, in an object of their own or beside the type. */
export function readFile(part: JsonObject): JsonObject {
  const { type: _type, file = null, ...outer } = part;
  const { file_data: data, file_url: url, file_id: fileId, ...rest } = isObject(file) ? { ...outer, ...file } : outer;
  const held = [data, url].find(isSaid);
  if (held === undefined && fileId === undefined) return readMediaPart(part);
  const { mime_type: mimeType, modality, ...others } = rest;
  return toMedia({ held, fileId, mimeType, modality, rest: others });
}

/** Google's parts name no type: `inline_data` holds bytes, `file_data` an address; camel case where JSON was sent. */
export function readGoogleMedia(part: JsonObject): JsonObject | undefined {
  const { inline_data, inlineData = inline_data, file_data, fileData = file_data, ...rest } = part;
  const given = inlineData ?? fileData;
  if (!isObject(given)) return undefined;
  const { data, file_uri, fileUri = file_uri, mime_type, mimeType = mime_type, ...details } = given;
  return toMedia({ held: data ?? fileUri, mimeType, rest: { ...rest, ...details } });
}

/** What an assistant of OpenAI spoke: the sound, where it came along, and its words. */
export function readSpokenAudio(audio: JsonObject): JsonObject[] {
  const { id, data, transcript, ...rest } = audio;
  const sound = isSaid(data) || isSaid(id) ? [toMedia({ held: data, fileId: id, modality: 'audio', rest })] : [];
  return typeof transcript === 'string' ? [...sound, { type: 'text', content: transcript }] : sound;
}

function placeOf(held: Json | undefined, inline: string | undefined): JsonObject {
  if (inline !== undefined) return { content: inline };
  if (held === undefined || held === null) return {};
  if (typeof held !== 'string') return { reference: held };
  return held === '' || address.test(held) ? { uri: held } : { content: held };
}

const audioTypes: ReadonlyMap<string, string> = new Map(Object.entries({ mp3: 'audio/mpeg', pcm16: 'audio/pcm' }));

function audioType(format: Json | undefined): string | undefined {
  const name = text(format);
  return name === undefined ? undefined : (audioTypes.get(name) ?? `audio/${name}`);
}

function modalityOf(mime: string | undefined): string {
  const [family = ''] = mime?.split('/', 1) ?? [];
  return ['image', 'audio', 'video'].includes(family) ? family : 'file';
}

function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isSaid(value: Json | undefined): value is Json {
  return value !== undefined && value !== null && value !== '';
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}
