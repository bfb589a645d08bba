/* synth_pin.c - the synthetic pins: what stands in which column, and the dirt.
 *
 * Markers replace values in fixed combinations (kinds[] below, with the real tables' frequencies): all of them
 * only in a multi-video that was not downloaded, a missing image only where nothing was downloaded.
 */
#include "base/utf8.h"
#include "mocks/rds/synth.h"
#include "mocks/rds/synth_text.h"

_Static_assert((int)SYNTH_CATEGORIES == (int)WORDS_TOPICS, "nouns for each category");

enum { TITLE = 1, STORY = 2, NO_TEXT = 4, POSTER = 8, TAGS = 16, IMAGE = 32, ALL = TITLE | STORY | POSTER | TAGS | IMAGE };
enum { LONGEST_TEXT = 1024 /* bytes, before it is cut */, LONGEST_POSTER = 268, POSTERS_PER_CATEGORY = 3000 };

static const struct kind {
    uint16_t weight;
    int8_t downloaded;
    struct str media;
    unsigned marked;
} kinds[] = {
#define IMAGE_PIN S_INIT("image")
#define VIDEO_PIN S_INIT("video")
#define MULTI_PIN S_INIT("multi-video(story page format)")
    { 3880, 1, IMAGE_PIN, 0 },
    { 222, 1, MULTI_PIN, STORY },
    { 121, 1, VIDEO_PIN, 0 },
    { 73, 0, MULTI_PIN, STORY | IMAGE },
    { 64, 1, IMAGE_PIN, NO_TEXT },
    { 31, 0, MULTI_PIN, ALL },
    { 25, 1, IMAGE_PIN, TAGS },
    { 20, 1, MULTI_PIN, 0 },
    { 7, 0, MULTI_PIN, IMAGE },
    { 6, 1, MULTI_PIN, STORY | TAGS },
    { 4, 1, VIDEO_PIN, NO_TEXT },
    { 3, 1, VIDEO_PIN, TAGS },
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static const struct kind *draw_kind(struct rng *r)
{
    uint64_t sum = 0, draw;
    for (size_t i = 0; i < N_KINDS; i++)
        sum += kinds[i].weight;
    draw = synth_below(r, sum);
    for (size_t i = 0; i + 1 < N_KINDS; draw -= kinds[i++].weight)
        if (draw < kinds[i].weight)
            return &kinds[i];
    return &kinds[N_KINDS - 1];
}

struct making { /* one pin being made */
    struct rng r;
    int topic;
    struct buf title, description, poster, followers, tags, image;
};

/* Quirks open a title or description, before the text itself is made and cut, or end a poster's name. */
static void emoji_title(struct making *m) { buf_z(&m->title, synth_text_pick(&words_emoji, &m->r)), buf_c(&m->title, ' '); }
static void emoji_text(struct making *m) { buf_z(&m->description, synth_text_pick(&words_emoji, &m->r)); }
static void emoji_poster(struct making *m) { buf_c(&m->poster, ' '), buf_z(&m->poster, synth_text_pick(&words_emoji, &m->r)); }
static void quoted_title(struct making *m) { buf_z(&m->title, "\"Just\" a "); }
static void quoted_text(struct making *m) { buf_z(&m->description, "\"Worth every minute,\" says a reader."); }
static void curly_title(struct making *m) { buf_z(&m->title, "“New” "); }
static void accents(struct making *m) { buf_z(&m->poster, " Décoration"); }
static void newlines(struct making *m) { buf_z(&m->title, "New:\n\n"); }

/* Dirt that exists in many rows. */
static const struct quirk {
    unsigned per_10000;
    void (*apply)(struct making *);
} quirks[] = {
    { 80, emoji_title },  { 55, emoji_text },   { 45, emoji_poster }, { 150, quoted_title },
    { 190, quoted_text }, { 120, curly_title }, { 100, accents },     { 30, newlines },
};

static void make_followers(struct buf *out, struct rng *r)
{
    static const uint16_t deciles_k[] = { 1, 4, 7, 14, 27, 44, 76, 134, 252, 561, 992 };
    static const uint8_t millions[] = { 1, 1, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 15 };
    uint64_t form = synth_below(r, 102), decile = synth_below(r, 10);
    if (form < 73) {
        buf_u64(out, deciles_k[decile] + synth_below(r, (uint64_t)(deciles_k[decile + 1] - deciles_k[decile])));
        buf_c(out, 'k');
    } else if (form < 94) {
        buf_u64(out, decile < 5 ? synth_below(r, 100) : synth_below(r, 1000));
    } else {
        buf_u64(out, millions[synth_below(r, sizeof millions)]);
        buf_c(out, 'M');
    }
}

/* Who posts: a few names often, most once; a name has one follower_count wherever it appears. */
static void make_poster(const struct synth *s, struct making *m)
{
    struct rng r;
    uint32_t rank = (uint32_t)(synth_power(rng_unit(&m->r), 10) * POSTERS_PER_CATEGORY);
    synth_rng(&r, s->seed, SYNTH_POSTER, (uint64_t)m->topic << 32 | rank);
    synth_text_fill(&m->poster, &r, m->topic, synth_text_pick(&words_posters, &r));
    make_followers(&m->followers, &r);
}

static void make_image_url(struct buf *out, struct rng *r, bool moving)
{
    static const char *const endings[] = { ".jpg", ".png", ".webp", ".gif" };
    char hex[32];
    uint64_t draw = synth_below(r, 1000);
    for (size_t i = 0; i < sizeof hex; i += 16)
        for (uint64_t bits = rng_u64(r), k = 0; k < 16; k++, bits >>= 4)
            hex[i + k] = "0123456789abcdef"[bits & 15];
    buf_z(out, moving ? "https://pins.invalid/videos/thumbnails/originals/" : "https://pins.invalid/originals/");
    for (size_t i = 0; i < 6; i += 2)
        buf_add(out, hex + i, 2), buf_c(out, '/');
    buf_add(out, hex, sizeof hex);
    buf_z(out, moving ? ".0000000.jpg" : endings[draw < 850 ? 0 : draw < 993 ? 1 : draw < 998 ? 2 : 3]);
}

static void open_special(const struct synth *s, int64_t n, struct making *m)
{
    if (n == s->special[SYNTH_BACKSLASH])
        buf_z(&m->title, "This \\ That: ");
    if (n == s->special[SYNTH_C1_CONTROL])
        buf_z(&m->description, "Trusted\xC2\x99 by readers.");
}

static void end_special(const struct synth *s, int64_t n, struct making *m)
{
    if (n == s->special[SYNTH_NO_TITLE])
        buf_reset(&m->title);
    if (n == s->special[SYNTH_UNTITLED])
        buf_reset(&m->description), buf_z(&m->description, "Untitled");
    if (n == s->special[SYNTH_LONG_POSTER]) {
        while (utf8_count(buf_str(&m->poster)) < LONGEST_POSTER)
            buf_z(&m->poster, " | "), synth_text_fill(&m->poster, &m->r, m->topic, synth_text_pick(&words_posters, &m->r));
        synth_text_cut(&m->poster, LONGEST_POSTER);
    }
}

static bool is_special(const struct synth *s, int64_t n)
{
    for (size_t i = 0; i < SYNTH_SPECIALS; i++)
        if (s->special[i] == n)
            return true;
    return false;
}

static int topic_of(int64_t n)
{
    int topic = 0;
    while (topic + 1 < SYNTH_CATEGORIES && n > synth_categories[topic].last)
        topic++;
    return topic;
}

static void make(const struct synth *s, int64_t n, bool moving, struct making *m)
{
    make_poster(s, m);
    for (size_t i = 0; i < sizeof quirks / sizeof *quirks; i++)
        if (synth_below(&m->r, 10000) < quirks[i].per_10000)
            quirks[i].apply(m);
    open_special(s, n, m);
    synth_text_title(&m->title, &m->r, m->topic);
    synth_text_description(&m->description, &m->r, m->topic);
    synth_text_tags(&m->tags, &m->r, m->topic);
    make_image_url(&m->image, &m->r, moving);
    end_special(s, n, m);
}

static struct str either(bool marked, struct str marker, const struct buf *text)
{
    return marked ? marker : buf_str(text);
}

/* Fixed memory of the arena: the ceiling keeps the buffer from growing. */
static struct buf bounded(struct arena *a)
{
    return (struct buf){ .p = arena_alloc(a, LONGEST_TEXT), .cap = LONGEST_TEXT, .max = LONGEST_TEXT };
}

static struct str save_location(struct arena *a, struct str category)
{
    const struct str prefix = S("Local save in /data/");
    char *p = arena_alloc(a, prefix.n + category.n);
    memcpy(p, prefix.p, prefix.n);
    memcpy(p + prefix.n, category.p, category.n);
    return (struct str){ p, prefix.n + category.n };
}

void synth_pin(const struct synth *s, int64_t n, struct arena *a, struct synth_pin *ret)
{
    struct making m = { .topic = topic_of(n), .title = bounded(a), .description = bounded(a), .poster = bounded(a),
                        .followers = bounded(a), .tags = bounded(a), .image = bounded(a) };
    char uuid[RNG_UUID];
    synth_rng(&m.r, s->seed, SYNTH_PIN, (uint64_t)n);
    rng_uuid4(&m.r, uuid);
    const struct kind *kind = draw_kind(&m.r);
    if (is_special(s, n))
        kind = &kinds[0];
    make(s, n, !str_is(kind->media, "image"), &m);
    unsigned marked = kind->marked;
    ret->index = n;
    ret->unique_id = arena_dup(a, str_of(uuid));
    ret->title = either(marked & TITLE, S("No Title Data Available"), &m.title);
    ret->description = marked & STORY ? S("No description available Story format")
                                      : either(marked & NO_TEXT, S("No description available"), &m.description);
    ret->poster_name = either(marked & POSTER, S("User Info Error"), &m.poster);
    ret->follower_count = either(marked & POSTER, S("User Info Error"), &m.followers);
    ret->tag_list = either(marked & TAGS, S("N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e"), &m.tags);
    ret->is_image_or_video = kind->media;
    ret->image_src = either(marked & IMAGE, S("Image src error."), &m.image);
    ret->downloaded = kind->downloaded;
    ret->category = str_of(synth_categories[m.topic].name);
    ret->save_location = save_location(a, ret->category);
}
