// The button and the panel's frame. `all: initial` and a shadow root keep the page's styles out, and ours in; the
// sheet is constructed, which no style-src of the host page forbids.

export const STYLES = `
:host{all:initial!important;position:fixed!important;inset:auto!important;width:0!important;height:0!important;z-index:2147483000!important;display:block!important}
@media print{:host{display:none!important}}
button{all:unset;box-sizing:border-box;position:fixed;bottom:20px;right:20px;width:60px;height:60px;border-radius:50%;display:grid;place-items:center;cursor:pointer;background:var(--accent);color:var(--ink);box-shadow:0 4px 14px rgb(16 24 40/24%),0 1px 3px rgb(16 24 40/20%);-webkit-tap-highlight-color:transparent}
button:focus-visible{outline:3px solid var(--accent);outline-offset:3px;box-shadow:0 0 0 3px #fff}
svg{grid-area:1/1;width:32px;height:32px;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.x{opacity:0;transform:rotate(-45deg) scale(.7)}
.open .x{opacity:1;transform:none}
.open .c{opacity:0;transform:rotate(45deg) scale(.7)}
b{position:absolute;top:-3px;right:-3px;box-sizing:border-box;min-width:23px;height:23px;padding:0 6px;border-radius:12px;border:2px solid #fff;background:#cf2318;color:#fff;font:700 12px/19px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;text-align:center}
b:empty{display:none}
.hush{position:fixed;bottom:0;right:0;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.panel{position:fixed;bottom:96px;right:20px;width:392px;height:680px;max-width:calc(100vw - 40px);max-height:calc(100vh - 116px);border-radius:18px;overflow:hidden;background:#fff;color:#5a6270;box-shadow:0 12px 48px rgb(16 24 40/22%),0 2px 8px rgb(16 24 40/12%);visibility:hidden;opacity:0;transform:translateY(12px) scale(.98);transform-origin:bottom right}
.dark .panel{background:#16181d;color:#a2aab8;box-shadow:0 12px 48px rgb(0 0 0/60%),0 0 0 1px #2c3039}
.left button{right:auto;left:20px}
.left .panel{right:auto;left:20px;transform-origin:bottom left}
.open .panel{visibility:visible;opacity:1;transform:none}
iframe{position:absolute;inset:0;width:100%;height:100%;border:0;opacity:0;color-scheme:auto}
.ready iframe{opacity:1}
p{position:absolute;inset:44% 24px auto;margin:0;text-align:center;font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif}
.ready p{display:none}
@media (prefers-reduced-motion:no-preference){button,svg,.panel{transition:opacity .16s,transform .16s,visibility .16s}button:hover{transform:scale(1.05)}}
@media (forced-colors:active){button,.panel{border:2px solid CanvasText}}
`;

/** Below this the panel covers the screen; kept in one place with the rule for it. */
export const SMALL = "(max-width:480px),(max-height:420px)";
export const SMALL_STYLES = `@media ${SMALL}{.open .panel{inset:0;width:100vw;height:100vh;height:100dvh;max-width:none;max-height:none;border-radius:0;transition:none}.open.ready button{visibility:hidden}.open button{z-index:1}}`;
