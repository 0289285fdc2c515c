import highlight from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import css from 'highlight.js/lib/languages/css';
import diff from 'highlight.js/lib/languages/diff';
import go from 'highlight.js/lib/languages/go';
import java from 'highlight.js/lib/languages/java';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import python from 'highlight.js/lib/languages/python';
import rust from 'highlight.js/lib/languages/rust';
import sql from 'highlight.js/lib/languages/sql';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';

const languages = { bash, css, diff, go, java, javascript, json, python, rust, sql, typescript, xml, yaml };
/** Beyond this a reader looks for something, and colouring would hold up the page. */
const highlightedCharsMax = 50_000;

for (const [name, language] of Object.entries(languages)) highlight.registerLanguage(name, language);

/** HTML with coloured spans, everything else escaped; undefined for an unknown language or a very long text. */
export function highlightCode(text: string, language: string | undefined): string | undefined {
  const name = language?.split(/\s/)[0]?.toLowerCase() ?? '';
  if (!highlight.getLanguage(name) || text.length > highlightedCharsMax) return undefined;
  return highlight.highlight(text, { language: name, ignoreIllegals: true }).value;
}
