/**
 * Components that are loaded when they are first rendered.
 */

import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';

/**
 * Returns a component that loads another one.
 * @param waiting shown in the meantime
 */
export function lazy<P extends object>(
  load: () => Promise<ComponentType<P>>,
  waiting: ComponentType<P> = Waiting,
): ComponentType<P> {
  const loaded = signal<ComponentType<P> | null>(null);
  const failed = signal(false);
  let asked = false;
  return function Lazy(props: P) {
    if (!asked) {
      asked = true;
      load().then(
        (component) => {
          loaded.value = component;
        },
        () => {
          failed.value = true;
        },
      );
    }
    const Component = loaded.value;
    if (Component) return <Component {...props} />;
    if (failed.value) return <p class="placeholder">This part of the page could not be loaded.</p>;
    const Meanwhile = waiting;
    return <Meanwhile {...props} />;
  };
}

function Waiting() {
  return <p class="placeholder">Loading…</p>;
}
