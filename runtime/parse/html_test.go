package parse

import (
	"testing"
)

func TestHTML(t *testing.T) {
	tests := map[string]struct{ page, title, want string }{
		"a page": {
			`<!doctype html><html><head><title> Refund
			policy </title><style>p{}</style></head><body><h1>Guide</h1><p>Some <b>bo</b>ld
			text<br>and a <a href="https://example.com/">link</a>.</p><h2>Steps &amp; more</h2></body>`,
			"Refund policy",
			"# Guide\n\nSome bold text\nand a link.\n\n## Steps & more",
		},
		"lists":          {`<ul><li>one<ul><li>deep</ul><li><p>two</p><p>more</p></ul>after`, "", "- one\n  - deep\n- two\n\nmore\n\nafter"},
		"a table":        {`<table><tr><th>A</th><th>B</th></tr><tr><td>1|2</td><td><p>x</p><p>y</p></td></tr></table>`, "", "| A | B |\n| 1\\|2 | x y |"},
		"a laid-out one": {`<table><tr><td><h1>Hi</h1></td><td><table><tr><td>a</td></tr></table></td></tr></table>`, "", "# Hi\n\n| a |"},
		"code":           {"<p>Run:</p><pre><code>a\n  b\n</code></pre>", "", "Run:\n\n```\na\n  b\n```"},
		"fences in code": {"<pre>```\nx\n```</pre>", "", "````\n```\nx\n```\n````"},
		"what is hidden": {
			`<p>see</p><p hidden>a</p><p style="color:red; DISPLAY : none !important">b</p><span aria-hidden="true">c</span>
			<noscript>d</noscript><template>e</template><svg><text>f</text></svg><div style="font-size:0">g</div><textarea>h</textarea><!-- i -->
			<script>j</script><pre>k<i hidden>l</i></pre>`, "", "see\n\n```\nk\n```",
		},
		"no structure from text": {"<p># no heading<br>| no row<br>```<br>--<br>- fine", "", "\\# no heading\n\\| no row\n\\```\n\\--\n- fine"},
		"bidi":                   {"<p>pay &#x202e;001&#x2066; now</p>", "", "pay 001 now"},
		"meta charset":           {"<meta charset=windows-1252><p>caf\xe9", "", "café"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			compare(t, parsed(t, mediaHTML, []byte(test.page)), Text{Title: test.title, Body: test.want})
		})
	}
}
