/* What every page has from the scripts. Each page works without them. */

import "./answers.js";
import "./asking_once.js"; // before forms.js, which counts a form as sent
import "./forms.js";
import "./going.js";
import "./leaving.js";
import "./menus.js";
import "./shortcuts.js";
import "./trouble.js";
