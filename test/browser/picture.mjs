// What can be said of a picture of the client without another one to compare it with.

// How many of the pixels differ, from 0 to 1. A blank page of the browser reads them.
export function difference(page, one, other) {
  return page.evaluate(
    async (pictures) => {
      const [a, b] = await Promise.all(
        pictures.map(async (text) => {
          const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
          const bitmap = await createImageBitmap(new Blob([bytes]));
          const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
          context.drawImage(bitmap, 0, 0);
          return context.getImageData(0, 0, bitmap.width, bitmap.height);
        }),
      );
      if (a.width !== b.width || a.height !== b.height) return 1;
      const [left, right] = [a, b].map(({ data }) => new Uint32Array(data.buffer));
      return left.reduce((sum, pixel, i) => sum + (pixel !== right[i]), 0) / left.length;
    },
    [one, other].map((picture) => picture.toString('base64')),
  );
}

// What lies over something else, sticks out or is cut off: a list of complaints.
export function faults(page) {
  return page.evaluate(() => {
    const found = [];
    const name = (element) =>
      `${element.localName}${element.id && `#${element.id}`}${element.className.baseVal === undefined && element.className ? `.${element.className.replaceAll(' ', '.')}` : ''} "${element.textContent.trim().slice(0, 30)}"`;
    const isSeen = (element) =>
      element.checkVisibility({ visibilityProperty: true }) && !element.closest('.sr-only, .pill') && element.getBoundingClientRect().width > 1;
    const scrollers = [...document.querySelectorAll('#log, .side-scroll')];
    const whole = { left: 0, top: 0, right: innerWidth, bottom: innerHeight };

    // These may be pressed beyond what is to be seen of them.
    const boxOf = (element) => {
      if (!element.matches('.edited, .quote')) return element.getBoundingClientRect();
      const range = document.createRange();
      range.selectNodeContents(element);
      return range.getBoundingClientRect();
    };

    // The part that is not scrolled away, or null.
    const visible = (element) => {
      const box = boxOf(element);
      const scroller = scrollers.find((one) => one !== element && one.contains(element));
      const frame = scroller ? scroller.getBoundingClientRect() : null;
      if (!frame) return { element, left: box.left, top: box.top, right: box.right, bottom: box.bottom };
      const top = Math.max(box.top, frame.top);
      const bottom = Math.min(box.bottom, frame.bottom);
      if (box.left < frame.left - 1 || box.right > frame.right + 1) found.push(`sticks out of its list: ${name(element)}`);
      return bottom - top > 1 ? { element, left: box.left, top, right: box.right, bottom } : null;
    };

    const kinds = 'button, input, textarea, label, h1, h2, time, .author, .bubble, .avatar, .notice, .status p, .error, .typing, .state, .line span, .person, .room-link, .empty, .tagline';
    const boxes = [...document.querySelectorAll(kinds)].filter((one) => isSeen(one) && (one.textContent.trim() || one.matches('button, input, textarea, .bubble')));
    const areas = boxes.map(visible).filter(Boolean);
    for (const { element, left, top, right, bottom } of areas)
      if (left < whole.left - 1 || top < whole.top - 1 || right > whole.right + 1 || bottom > whole.bottom + 1)
        found.push(`leaves the window: ${name(element)}`);

    // What is made to lie over another: initials beside each other, an avatar and a # in a field.
    const isMeant = (a, b) => [a, b].some((one) => one.closest('.faces') || one.matches('.name-box .avatar'));
    areas.forEach((a, i) => {
      for (const b of areas.slice(i + 1)) {
        if (a.element.contains(b.element) || b.element.contains(a.element) || isMeant(a.element, b.element)) continue;
        const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (width > 1.5 && height > 1.5) found.push(`${name(a.element)} lies over ${name(b.element)}`);
      }
    });

    // (The bubbles behind the sign-in panel are made to be cut off.)
    for (const element of document.querySelectorAll('body *:not(#signin)')) {
      if (!isSeen(element) || scrollers.includes(element) || element.closest('svg') || element.matches('textarea')) continue;
      const { overflowX, overflowY, textOverflow } = getComputedStyle(element);
      if (overflowX !== 'visible' && textOverflow !== 'ellipsis' && element.scrollWidth > element.clientWidth + 1)
        found.push(`is cut off at its side: ${name(element)}`);
      if (overflowY !== 'visible' && element.scrollHeight > element.clientHeight + 2)
        found.push(`is cut off below: ${name(element)}`);
    }
    if (document.documentElement.scrollWidth > innerWidth) found.push(`the page is ${document.documentElement.scrollWidth} px wide`);
    for (const one of scrollers) if (one.scrollWidth > one.clientWidth) found.push(`scrolls sideways: ${name(one)}`);
    return found;
  });
}
