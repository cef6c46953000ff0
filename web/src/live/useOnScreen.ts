/** Whether an element can be seen now: on the screen, in a tab that is not hidden. */

import type { RefObject } from "react";
import { useEffect, useState } from "react";

export function useOnScreen(element: RefObject<HTMLElement | null>): boolean {
  const [near, setNear] = useState(false);
  const [shown, setShown] = useState(() => !document.hidden);

  useEffect(() => {
    const target = element.current;
    if (target === null) return;
    const observer = new IntersectionObserver(
      (entries) => setNear(entries.at(-1)?.isIntersecting ?? false),
      { rootMargin: "120px" },
    );
    observer.observe(target);
    return () => observer.disconnect();
  }, [element]);

  useEffect(() => {
    const onChange = () => setShown(!document.hidden);
    document.addEventListener("visibilitychange", onChange);
    return () => document.removeEventListener("visibilitychange", onChange);
  }, []);

  return near && shown;
}
