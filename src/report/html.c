/* The page's frame. It asks the network for nothing, and says so to the browser. Colours are
 * variables with a value for light and for dark; each stands out against its background by at least
 * 4.5 to 1 (text) or 3 to 1 (lines and bars). Print takes the light ones. */
#include "report/html.h"

#include "base/text.h"

#define LIGHT \
	"--page:#ffffff;--panel:#f6f8fa;--ink:#1c2127;--soft:#57606a;--line:#d0d7de;" \
	"--bad:#a40e26;--good:#116329;--c0:#1f5fbf;--c1:#b04a00;--c2:#137333;--c3:#7b3fb3;" \
	"--c4:#b3124a;--c5:#0e7490;--c6:#75621d;--c7:#59636e;"
#define DARK \
	"--page:#14171b;--panel:#1d2228;--ink:#e8eaed;--soft:#a8b1bb;--line:#3a424c;" \
	"--bad:#ff8a8a;--good:#6fd18b;--c0:#74b0ff;--c1:#f2a65a;--c2:#67d38e;--c3:#c79bf2;" \
	"--c4:#ff86a3;--c5:#5cc9dc;--c6:#d3c07a;--c7:#a8b1bb;"

static const char STYLE[] =
	":root{color-scheme:light dark;" LIGHT "}\n"
	"@media (prefers-color-scheme:dark){:root{" DARK "}}\n"
	"@media print{:root{" LIGHT "}}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0;background:var(--page);color:var(--ink);"
	"font:16px/1.5 system-ui,'Segoe UI',Roboto,'Helvetica Neue',Arial,'DejaVu Sans',"
	"sans-serif}\n"
	"main,header,footer{max-width:76rem;margin:0 auto;padding:0 1.25rem}\n"
	"header{padding-top:1.5rem}\n"
	"h1{font-size:1.6rem;line-height:1.2;margin:0 0 .25rem;overflow-wrap:anywhere}\n"
	"h2{font-size:1.25rem;margin:2.5rem 0 .75rem;padding-bottom:.3rem;"
	"border-bottom:1px solid var(--line)}\n"
	"h3{font-size:1rem;margin:0}\n"
	"p{margin:.25rem 0}\n"
	".soft,footer{color:var(--soft);font-size:.875rem}\n"
	"footer{padding-top:2rem;padding-bottom:2rem}\n"
	".bad{color:var(--bad)}.good{color:var(--good)}\n"
	"ul.reasons{margin:.5rem 0;padding-left:1.25rem;overflow-wrap:anywhere}\n"
	".note{border-left:4px solid var(--c1);padding:.4rem .75rem;background:var(--panel);"
	"overflow-wrap:anywhere}\n"
	"dl.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));"
	"gap:.75rem;margin:1rem 0}\n"
	"dl.tiles div{background:var(--panel);border:1px solid var(--line);border-radius:.5rem;"
	"padding:.6rem .8rem}\n"
	"dl.tiles dt{color:var(--soft);font-size:.8125rem}\n"
	"dl.tiles dd{margin:0;font-size:1.5rem;line-height:1.25;"
	"font-variant-numeric:tabular-nums}\n"
	".charts{display:grid;gap:1rem;margin:1rem 0;"
	"grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr))}\n"
	"section>h3{margin:1.5rem 0 .25rem}\n"
	"figure{margin:0;min-width:0;background:var(--panel);border:1px solid var(--line);"
	"border-radius:.5rem;padding:.8rem;break-inside:avoid}\n"
	"figure.wide{grid-column:1/-1}\n"
	".scroll{overflow-x:auto}\n"
	"svg.chart{display:block;width:100%;min-width:24rem;height:auto;margin-top:.4rem}\n"
	".chart text{fill:var(--ink);font-size:13px;font-family:inherit}\n"
	".chart text.soft{fill:var(--soft);font-size:12px}\n"
	"@media screen and (max-width:40rem){.chart text{font-size:14px}"
	".chart text.soft{font-size:13.5px}}\n"
	".grid{stroke:var(--line);stroke-width:1}.axis{stroke:var(--soft);stroke-width:1}\n"
	".l{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}\n"
	".l1{stroke-dasharray:7 4}.l2{stroke-dasharray:2 4}"
	".l3{stroke-dasharray:9 3 2 3}.l4{stroke-dasharray:12 4}.l5{stroke-dasharray:4 2}"
	".l6{stroke-dasharray:1 3}.l7{stroke-dasharray:6 2 1 2 1 2}\n"
	".l0{stroke:var(--c0)}.l1{stroke:var(--c1)}.l2{stroke:var(--c2)}.l3{stroke:var(--c3)}"
	".l4{stroke:var(--c4)}.l5{stroke:var(--c5)}.l6{stroke:var(--c6)}.l7{stroke:var(--c7)}\n"
	".f0{fill:var(--c0)}.f1{fill:var(--c1)}.f2{fill:var(--c2)}.f3{fill:var(--c3)}"
	".f4{fill:var(--c4)}.f5{fill:var(--c5)}.f6{fill:var(--c6)}.f7{fill:var(--c7)}\n"
	"ul.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.15rem 1rem;margin:.3rem 0 0;"
	"padding:0;font-size:.8125rem;overflow-wrap:anywhere}\n"
	"ul.legend svg{width:26px;height:10px;margin-right:.35rem;vertical-align:middle}\n"
	"details{margin-top:.5rem;font-size:.875rem}\n"
	"summary{cursor:pointer;color:var(--soft)}\n"
	"summary:focus-visible{outline:2px solid var(--c0);outline-offset:2px}\n"
	"table{border-collapse:collapse;font-size:.875rem;width:100%}\n"
	"th,td{padding:.25rem .6rem;border-bottom:1px solid var(--line);text-align:left;"
	"vertical-align:top}td.w{overflow-wrap:anywhere;min-width:8rem}\n"
	"th{font-weight:600;white-space:nowrap}\n"
	"td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
	"td.t{white-space:nowrap}\n"
	".rows{max-height:20rem;overflow:auto}\n"
	"@media print{body{font-size:10.5pt}main,header,footer{max-width:none;padding:0}"
	"details,.rows{display:none}figure{background:none}h2{break-after:avoid}"
	".charts{grid-template-columns:1fr 1fr}svg.chart{min-width:0}.scroll{overflow:visible}"
	"tr{break-inside:avoid}table{font-size:7.5pt}th,td{padding:.15rem .35rem}"
	".chart text,.chart text.soft{font-size:16px}}\n";

static void add_escaped(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.at[i];
		bool latin = c == 0xC2 && i + 1 < text.size &&
			     (unsigned char)text.at[i + 1] < 0xA0;
		if (c == '&')
			buf_add_text(out, "&amp;");
		else if (c == '<')
			buf_add_text(out, "&lt;");
		else if (c == '>')
			buf_add_text(out, "&gt;");
		else if (c == '"')
			buf_add_text(out, "&quot;");
		else if (c == '\'')
			buf_add_text(out, "&#39;");
		else if (c == '\t' || c == '\n' || c == '\r')
			buf_add_char(out, ' ');
		else if (c < 0x20 || c == 0x7F || latin)
			buf_add_text(out, "\xef\xbf\xbd");
		else
			buf_add_char(out, (char)c);
		i += latin;
	}
}

/* Scrubbed and valid UTF-8, not yet escaped. */
static bool clean(struct html *html, struct span text, struct buf *ret)
{
	struct buf scrubbed;
	bool done;
	if (html->scrub == NULL)
		return text_clean(ret, text);
	buf_init(&scrubbed, SIZE_MAX / 4);
	html->scrub(html->scrub_user, &scrubbed, text);
	done = !scrubbed.failed && text_clean(ret, buf_span(&scrubbed));
	buf_done(&scrubbed);
	return done;
}

void html_text(struct html *html, struct span text)
{
	struct buf ready;
	buf_init(&ready, SIZE_MAX / 4);
	if (clean(html, text, &ready))
		add_escaped(html->out, buf_span(&ready));
	else
		html->out->failed = true;
	buf_done(&ready);
}

/* How many bytes the first character has. */
static size_t character(struct span text)
{
	size_t size = 1;
	while (size < text.size && ((unsigned char)text.at[size] & 0xC0) == 0x80)
		size++;
	return size;
}

void html_short(struct html *html, struct span text, size_t columns)
{
	struct buf ready;
	buf_init(&ready, SIZE_MAX / 4);
	if (!clean(html, text, &ready)) {
		html->out->failed = true;
		buf_done(&ready);
		return;
	}
	struct span rest = buf_span(&ready);
	if (text_width(rest) > columns) {
		size_t size = 0, width = 0;
		while (size < rest.size) {
			struct span one = {rest.at + size, character(span_from(rest, size))};
			width += text_width(one);
			if (width >= columns)
				break;
			size += one.size;
		}
		add_escaped(html->out, (struct span){rest.at, size});
		buf_add_text(html->out, "\xe2\x80\xa6");
	} else {
		add_escaped(html->out, rest);
	}
	buf_done(&ready);
}

void html_heading(struct html *html, const char *name)
{
	for (size_t i = 0; name[i] != '\0'; i++) {
		char c = name[i] == '_' ? ' ' : name[i];
		if (i > 0 && c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		add_escaped(html->out, (struct span){&c, 1});
	}
}

void html_begin(struct html *html, struct span title)
{
	buf_add_text(html->out,
		     "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		     "<meta name=\"color-scheme\" content=\"light dark\">\n"
		     "<meta name=\"referrer\" content=\"no-referrer\">\n"
		     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		     "style-src 'unsafe-inline'\">\n<title>");
	html_text(html, title);
	buf_addf(html->out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", STYLE);
}

void html_end(struct html *html)
{
	buf_add_text(html->out, "</body>\n</html>\n");
}
