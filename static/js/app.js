/* The page's behaviour, module by module. Each listens on the document, so that swapped fragments need no set-up. */
import "./keep.js";
import "./pending.js";
import "./live.js";
import "./times.js";
import "./countdown.js";
import "./theme.js";
import "./dialogs.js";
import "./toasts.js";
import "./copy.js";
import "./select.js";
import "./palette.js";
import "./complete.js";
import "./keyboard.js";
import "./menus.js";
