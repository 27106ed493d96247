/* Listeners that came, went, or changed hands. Private to the judge. */
#pragma once

#include "change_look.h"

/* look->before must not be NULL. */
void change_listeners_look(const struct change_look *look);
