/* What the page of a plan has from the scripts. */

import "./saving.js"; // first: what it knows of an answer the others ask it
import "./pulse.js";
import "./moved_on.js";
import "./places.js";
import "./steps.js";
import "./drafts.js";
import "./dragging.js";
import "./dropping.js";
import "./folds.js";
import "./todo.js";
import "./editing.js";
import "./waiting.js";
import "./tips.js";
import "./picture_size.js";
import "./drawing_flows.js"; // before the next: while a flow is drawn a click chooses its ends
import "./picture_view.js";
import "./rules.js";
import "./picks.js";
