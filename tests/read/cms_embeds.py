"""What content systems put between the paragraphs of a story, written for the tests: name, markup, and what of it is the story's own words."""

from __future__ import annotations

EMBEDS: dict[str, tuple[str, list[str]]] = {
    "gutenberg-image": (
        '<!-- wp:image {"id":7,"sizeSlug":"large"} -->\n<figure class="wp-block-image size-large"><img src="/q.jpg" alt="Quay" class="wp-image-7"/>'
        "<figcaption>The quay at dawn</figcaption></figure>\n<!-- /wp:image -->",
        ["The quay at dawn"],
    ),
    "gutenberg-embed": (
        '<!-- wp:embed {"url":"https://video.example/1","type":"video"} -->\n<figure class="wp-block-embed is-type-video"><div class="wp-block-embed__wrapper">\n'
        "https://video.example/1\n</div></figure>\n<!-- /wp:embed -->",
        [],
    ),
    "gutenberg-void": ('<!-- wp:newsroom/related {"ids":[1,2]} /-->', []),
    "gutenberg-group": (
        '<!-- wp:group {"layout":{"type":"constrained"}} -->\n<div class="wp-block-group"><!-- wp:spacer -->\n<div style="height:9px" aria-hidden="true"></div>\n'
        "<!-- /wp:spacer --></div>\n<!-- /wp:group -->",
        [],
    ),
    "ghost-html-card": (
        "<!--kg-card-begin: html--><div id=\"poll-1\"></div><script>window.poll && poll('<p>no text</p>');</script><!--kg-card-end: html-->",
        [],
    ),
    "ghost-bookmark": (
        '<figure class="kg-card kg-bookmark-card"><a class="kg-bookmark-container" href="https://x.example/"><div class="kg-bookmark-content">'
        '<div class="kg-bookmark-title">Tide tables</div><div class="kg-bookmark-metadata"><img src="/i.png" alt=""><span>Harbour office</span></div></div></a></figure>',
        [],
    ),
    "ghost-gallery": (
        '<figure class="kg-card kg-gallery-card kg-width-wide kg-card-hascaption"><div class="kg-gallery-container"><div class="kg-gallery-row">'
        '<div class="kg-gallery-image"><img src="/1.jpg" width="9"></div></div></div><figcaption>Three quays</figcaption></figure>',
        ["Three quays"],
    ),
    "shortcode": ('[gallery ids="1,2,3" link="file"]', []),
    "shortcode-caption": (
        '[caption id="attachment_7" align="alignnone" width="640"]<img class="size-full wp-image-7" src="/q.jpg" alt=""/> The quay at dawn[/caption]',
        ["The quay at dawn"],
    ),
    "amp-img": ('<amp-img src="/q.jpg" width="640" height="360" layout="responsive"></amp-img>', []),
    "amp-iframe": (
        '<amp-iframe width="9" height="9" sandbox="allow-scripts" src="https://map.example/"><amp-img layout="fill" src="/p.jpg" placeholder></amp-img></amp-iframe>',
        [],
    ),
    "amp-social-share": (
        '<div class="share"><amp-social-share type="email"></amp-social-share>\n<amp-social-share type="system"></amp-social-share></div>',
        [],
    ),
    "amp-fallback": (
        '<amp-video width="9" height="9" src="/v.mp4"><div fallback><p>Your browser shows no video.</p></div></amp-video>',
        [],
    ),
    "amp-twitter": (
        '<amp-twitter width="9" height="9" layout="responsive" data-tweetid="1"><blockquote placeholder>We sail.</blockquote></amp-twitter>',
        [],
    ),
    "twitter": (
        '<blockquote class="twitter-tweet" data-lang="en"><p lang="en" dir="ltr">We sail again. <a href="https://t.example/1">pic</a></p>&mdash; Port (@port) '
        '<a href="https://t.example/2">March 5, 2026</a></blockquote>\n<script async src="https://platform.example/widgets.js" charset="utf-8"></script>',
        [],
    ),
    "instagram": (
        '<blockquote class="instagram-media" data-instgrm-version="14"><div><a href="https://i.example/p/1/">View this post</a><p>A post by Port (@port)</p></div></blockquote>'
        '<script async src="//i.example/embed.js"></script>',
        [],
    ),
    "tiktok": (
        '<blockquote class="tiktok-embed" cite="https://k.example/1"><section><a title="@port" href="https://k.example/">@port</a><p>We sail</p></section></blockquote>',
        [],
    ),
    "bluesky": (
        '<blockquote class="bluesky-embed" data-bluesky-uri="at://1"><p lang="en">We sail.</p>&mdash; Port</blockquote>',
        [],
    ),
    "mastodon": (
        '<blockquote class="mastodon-embed" data-embed-url="https://m.example/1"><a href="https://m.example/1"><div>Post by @port</div></a></blockquote>',
        [],
    ),
    "facebook": (
        '<div class="fb-post" data-href="https://f.example/1"><blockquote cite="https://f.example/1" class="fb-xfbml-parse-ignore"><p>We sail.</p>Posted by Port</blockquote></div>',
        [],
    ),
    "iframe": (
        '<div class="embed-responsive"><iframe src="https://v.example/1?a=1&b=2" allowfullscreen><p>No frames</p></iframe></div>',
        [],
    ),
    "drupal-media": (
        '<drupal-media data-entity-type="media" data-entity-uuid="5c" data-caption="The quay &lt;em&gt;at dawn&lt;/em&gt;"></drupal-media>',
        [],
    ),
    "drupal-token": ("[[nid:77]]", []),
    "drupal-json": (
        '[[{"fid":"7","view_mode":"default","type":"media","attributes":{"alt":"Quay","class":"media-element"}}]]',
        [],
    ),
    "aem-parsys": (
        '<div class="cq-placeholder section" data-emptytext="Text"></div><cq data-path="/content/post/jcr:content/par" data-config="{&quot;a&quot;:1}"></cq>',
        [],
    ),
    "aem-esi": ('<esi:include src="/related.html" onerror="continue"/><!--esi <p>old</p> -->', []),
    "ssi": ('<!--#include virtual="/boxes/related.html" -->', []),
    "arc-interstitial": ('<div class="interstitial-link" data-type="x"><hr/></div>', []),
    "custom-element": ('<newsroom-poll id="7"><template><p>Yes or no?</p></template></newsroom-poll>', []),
    "noscript": ('<noscript><img src="/q.jpg"><p>Turn scripts on</p></noscript>', []),
    "svg": ('<svg viewBox="0 0 9 9"><title>Quay</title><text>9</text></svg>', []),
    "form": ('<form action="/poll"><input type="hidden" name="a" value="1"><button>Vote</button></form>', []),
    "details": (
        "<details open><summary>Tides</summary><p>High at nine.</p></details>",
        ["Tides", "High at nine."],
    ),
    "cdata": ("<![CDATA[ raw ]]>", []),
    "php": ('<?php the_field("x"); ?>', []),
    "conditional": ("<!--[if IE]><p>Old</p><![endif]-->", []),
}
