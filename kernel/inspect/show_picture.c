#include "inspect/show.h"

#include "inspect/pane.h"
#include "inspect/sample.h"
#include "inspect/verbs.h"
#include "lib/string.h"
#include "memory.h"

/* Rows of the picture in a terminal of 24. */
#define ROWS 22u

static struct canvas canvas;

/* The map at the left, the open superpage at the right. */
static void draw(void)
{
    struct picture p = sample_picture();
    uint32_t map, open;

    canvas_clear(&canvas, 2 * PICTURE_COLUMNS, ROWS);
    map = picture_draw_map(&p, &canvas, 0, 0, ROWS);
    open = picture_draw_open(&p, &canvas, PICTURE_COLUMNS + 1, 0, ROWS);
    canvas.rows = map > open ? map : open;
}

/* Sample, draw, then a row at each step. */
static bool step_picture(struct job *job)
{
    char text[CANVAS_TEXT_BYTES];

    if (job->at == 0) {
        if (!sample_all())
            return false;
        draw();
    }
    out_text(text, canvas_row_text(&canvas, job->at, text));
    return ++job->at == canvas.rows;
}

bool show_picture(struct job *job)
{
    const char *word = job->words > 1 ? job->word[1] : "";

    job->step = step_picture;
    if (word[0] == '\0')
        return true;
    if (!strcmp(word, "auto")) {
        sample_open(EXTENT_NONE);
        return true;
    }
    if (!strcmp(word, "on") || !strcmp(word, "off")) {
        job->step = NULL;
        return pane_set(word[1] == 'n') ||
               job_fail(job, "there is no picture on the screen: it needs "
                             "1024x768 pixels and picture=yes");
    }
    if (!verb_number(job, word, &job->number))
        return false;
    if (job->number >= machine.frames)
        return job_fail(job,
                        "frame %#llx is no RAM that the kernel keeps "
                        "records of",
                        (unsigned long long)job->number);
    sample_open((uint32_t)(job->number / EXTENT_FRAMES));
    return true;
}
