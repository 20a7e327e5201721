/* What every page has from the scripts. Each page works without them. */

import "./shortcuts.js"; // first, as other pages' scripts need it as well
import "./answers.js";
import "./asking_once.js"; // before forms.js, which counts a form as sent
import "./forms.js";
import "./going.js";
import "./leaving.js";
import "./menus.js";
import "./sent_texts.js";
import "./trouble.js";
