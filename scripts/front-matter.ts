/** A plugin for Vite: `lesson.md?front` is the front matter of a lesson, as a string. */

import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

const QUERY = '?front';

/** Returns the plugin. */
export function frontMatter(): Plugin {
  return {
    name: 'front-matter',
    enforce: 'pre',
    load(id) {
      if (!id.endsWith(QUERY)) return null;
      const file = id.slice(0, -QUERY.length);
      this.addWatchFile(file);
      const [front] = /^---\n.*?\n---\n/s.exec(readFileSync(file, 'utf8')) ?? [];
      if (front === undefined) throw new Error(`${file} has no front matter`);
      return `export default ${JSON.stringify(front)};`;
    },
  };
}
