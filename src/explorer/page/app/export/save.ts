/**
 * Saves a drawing as a picture that stands alone: colours and fonts are written into it.
 */

import { framed } from './framed.ts';

const SVG = 'http://www.w3.org/2000/svg';
/** Pixels of a PNG for each pixel of the page. */
const SCALE = 2;
/** Margin around the drawing, in pixels. */
const MARGIN = 16;
/** Maximum size of a PNG, in pixels: browsers do not draw larger ones. */
const LARGEST = 12_000;

/** Properties of computed styles that a drawing needs. */
const PROPERTIES = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-opacity',
  'stroke-dasharray',
  'stroke-linecap',
  'stroke-linejoin',
  'opacity',
  'color',
  'font-family',
  'font-size',
  'font-weight',
  'font-style',
  'text-anchor',
  'dominant-baseline',
  'letter-spacing',
  'display',
  'visibility',
  'paint-order',
  'text-decoration',
] as const;

/** Returns the view that can be saved, if there is one: a drawing, or HTML to be turned into one. */
export function picture(): SVGSVGElement | HTMLElement | null {
  const marked = document.querySelector<HTMLElement | SVGSVGElement>('[data-export]');
  if (marked instanceof HTMLElement && marked.dataset.export !== 'html') return marked.querySelector('svg');
  return marked;
}

/** Returns a copy of a view with its styles written into it. */
function standalone(shown: SVGSVGElement | HTMLElement): SVGSVGElement {
  return shown instanceof SVGSVGElement ? drawn(shown) : framed(shown);
}

function drawn(shown: SVGSVGElement): SVGSVGElement {
  const copy = shown.cloneNode(true) as SVGSVGElement;
  const [from, to] = [shown, copy].map((root) => [root, ...root.querySelectorAll('*')]) as [
    Element[],
    Element[],
  ];
  for (const [at, element] of from.entries()) inline(element, to[at] as Element);
  const { width, height } = shown.getBoundingClientRect();
  const [x, y, wide, high] = shown
    .getAttribute('viewBox')
    ?.split(/[\s,]+/)
    .map(Number) ?? [0, 0, width, height];
  const [left, top, right, bottom] = [x ?? 0, y ?? 0, wide ?? width, high ?? height];
  const box = [left - MARGIN, top - MARGIN, right + 2 * MARGIN, bottom + 2 * MARGIN];
  copy.setAttribute('xmlns', SVG);
  copy.setAttribute('viewBox', box.join(' '));
  copy.setAttribute('width', String(Math.ceil(width + 2 * MARGIN)));
  copy.setAttribute('height', String(Math.ceil(height + 2 * MARGIN)));
  const ground = document.createElementNS(SVG, 'rect');
  for (const [at, name] of ['x', 'y', 'width', 'height'].entries())
    ground.setAttribute(name, String(box[at]));
  ground.setAttribute('fill', getComputedStyle(document.body).backgroundColor);
  copy.prepend(ground);
  return copy;
}

function inline(from: Element, to: Element): void {
  const style = getComputedStyle(from);
  to.removeAttribute('class');
  to.removeAttribute('style');
  for (const name of PROPERTIES) {
    const value = style.getPropertyValue(name);
    if (value !== '' && value !== 'normal') to.setAttribute(name, value);
  }
  for (const name of [...to.getAttributeNames()]) {
    if (name.startsWith('aria-') || name.startsWith('data-') || name === 'role' || name === 'tabindex') {
      to.removeAttribute(name);
    }
  }
}

/** Saves a view as SVG. */
export function saveSvg(shown: SVGSVGElement | HTMLElement, name: string): void {
  save(new Blob([textOf(shown)], { type: 'image/svg+xml' }), `${name}.svg`);
}

function textOf(shown: SVGSVGElement | HTMLElement): string {
  return new XMLSerializer().serializeToString(standalone(shown));
}

/**
 * Saves a view as PNG.
 * @throws Error when the browser cannot draw it
 */
export async function savePng(shown: SVGSVGElement | HTMLElement, name: string): Promise<void> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(textOf(shown))}`;
  await image.decode();
  const scale = Math.min(SCALE, LARGEST / Math.max(image.width, image.height, 1));
  const canvas = document.createElement('canvas');
  canvas.width = Math.ceil(image.width * scale);
  canvas.height = Math.ceil(image.height * scale);
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'));
  if (blob === null) throw new Error('The browser could not draw the picture.');
  save(blob, `${name}.png`);
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
