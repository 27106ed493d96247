/* What every status page has, whatever the report says. Parts marked live-only are of use with the script only. */
#pragma once

#define PAGE_FRAME_HEAD                                                                                                \
    "<meta charset=\"utf-8\">\n"                                                                                       \
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"                                       \
    "<meta name=\"color-scheme\" content=\"light dark\">\n"                                                            \
    "<link rel=\"icon\" href=\"page/icon.svg\" type=\"image/svg+xml\">\n"                                              \
    "<link rel=\"stylesheet\" href=\"page/dygraph.css\">\n"                                                            \
    "<link rel=\"stylesheet\" href=\"page/style.css\">\n"                                                              \
    "<script src=\"page/dygraph.js\" defer></script>\n"                                                                \
    "<script src=\"page/app.js\" type=\"module\"></script>\n"                                                          \
    "</head>\n"

#define PAGE_FRAME_PORTS_BEGIN                                                                                         \
    "<section aria-labelledby=\"ports-title\">\n"                                                                      \
    "<div class=\"bar\">\n"                                                                                            \
    "<h2 id=\"ports-title\">Ports</h2>\n"                                                                              \
    "<span id=\"port-count\" class=\"quiet live-only\" role=\"status\"></span>\n"                                      \
    "<label class=\"live-only\">Find <input id=\"words\" type=\"search\" size=\"16\" autocomplete=\"off\" "            \
    "placeholder=\"port, process, cause\"></label>\n"                                                                  \
    "<label class=\"live-only\">Show <select id=\"only\"><option value=\"all\">all</option>"                           \
    "<option value=\"blocked\">blocked</option><option value=\"reusable\">reusable</option>"                           \
    "<option value=\"unknown\">unknown</option><option value=\"served\">with a server</option>"                        \
    "<option value=\"free\">free</option></select></label>\n"                                                          \
    "<label id=\"netns-choice\" class=\"live-only\""

/* Between them: the rest of the choice of a namespace. */
#define PAGE_FRAME_PORTS_TABLE                                                                                         \
    "<div class=\"scroll\" role=\"group\" aria-labelledby=\"ports-title\" tabindex=\"0\">\n"                           \
    "<table id=\"port-table\">\n"                                                                                      \
    "<thead><tr>"                                                                                                      \
    "<th scope=\"col\"><button type=\"button\" data-order=\"port\">Port</button></th>"                                 \
    "<th scope=\"col\"><button type=\"button\" data-order=\"verdict\">Verdict</button></th>"                           \
    "<th scope=\"col\" class=\"left\"><button type=\"button\" data-order=\"left\">Free in</button></th>"               \
    "<th scope=\"col\" class=\"owner\"><button type=\"button\" data-order=\"owner\">Owner</button></th>"               \
    "<th scope=\"col\" class=\"number established\">"                                                                  \
    "<button type=\"button\" data-order=\"established\">Open</button></th>"                                            \
    "<th scope=\"col\" class=\"number waiting\">"                                                                      \
    "<button type=\"button\" data-order=\"time_wait\">TIME_WAIT</button></th>"                                         \
    "<th scope=\"col\" class=\"number queue\">"                                                                        \
    "<button type=\"button\" data-order=\"queue\">Accept queue</button></th>"                                          \
    "<th scope=\"col\" class=\"restart\">"                                                                             \
    "<button type=\"button\" data-order=\"restart\">Restart</button></th>"                                             \
    "</tr></thead>\n<tbody>\n"

#define PAGE_FRAME_PORTS_END "</tbody>\n</table>\n</div>\n</section>\n"

#define PAGE_FRAME_TRENDS                                                                                              \
    "<section class=\"live-only\" aria-labelledby=\"trends-title\">\n"                                                 \
    "<div class=\"bar\">\n<h2 id=\"trends-title\">Trends</h2>\n"                                                       \
    "<div role=\"group\" aria-label=\"Time range\">"                                                                   \
    "<button type=\"button\" data-span=\"300\" aria-pressed=\"false\">5 min</button> "                                 \
    "<button type=\"button\" data-span=\"900\" aria-pressed=\"true\">15 min</button> "                                 \
    "<button type=\"button\" data-span=\"3600\" aria-pressed=\"false\">1 h</button> "                                  \
    "<button type=\"button\" id=\"whole\" hidden>Leave zoom</button></div>\n</div>\n"                                  \
    "<div id=\"charts\"></div>\n"                                                                                      \
    "</section>\n"                                                                                                     \
    "<section class=\"live-only\" aria-labelledby=\"events-title\">\n"                                                 \
    "<div class=\"bar\">\n<h2 id=\"events-title\">Events</h2>\n</div>\n"                                               \
    "<ol id=\"event-list\" tabindex=\"0\" aria-labelledby=\"events-title\"></ol>\n"                                    \
    "</section>\n"

#define PAGE_FRAME_LINKS                                                                                               \
    "<nav aria-label=\"Interface\"><a href=\"api/v1/report\">report</a> <a href=\"api/v1/ports\">ports</a> "           \
    "<a href=\"api/v1/events\">events</a></nav>\n"
