"""The style sheet of the page: light, dark, narrow and on paper. Nothing in the HTML has a style of its own."""

STYLE = """\
:root{color-scheme:light dark;--fg:#1f2328;--bg:#fff;--card:#f6f8fa;--muted:#59636e;--line:#d8dee4;--bad:#c3161c;
 --warn:#8a5a00;--good:#0a6b36;--noisy:#6639ba;--base:#62788c;--zone:#0a6b361c;--focus:#0969da}
@media screen and (prefers-color-scheme:dark){
 :root{--fg:#e6edf3;--bg:#0d1117;--card:#151b23;--muted:#9aa4af;--line:#30363d;--bad:#ff7b72;--warn:#e3b341;
  --good:#56d364;--noisy:#c297ff;--base:#8ea3b5;--zone:#56d36426;--focus:#58a6ff}
}
*{box-sizing:border-box}
html{scroll-padding-top:1rem;-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:1080px;padding:1.5rem 1.25rem 4rem;background:var(--bg);color:var(--fg);
 font:15px/1.5 system-ui,-apple-system,"Segoe UI",Inter,"Liberation Sans",sans-serif;overflow-wrap:break-word}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.92em;
 overflow-wrap:anywhere;unicode-bidi:isolate}
a{color:inherit;text-underline-offset:.2em}
:focus-visible{outline:2px solid var(--focus);outline-offset:2px;border-radius:4px}
.visually-hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.bad{--own:var(--bad)}
.warn{--own:var(--warn)}
.good{--own:var(--good)}
.noisy{--own:var(--noisy)}
.dim,.plain{--own:var(--muted)}
h1,h2,h3,p,ul{margin:0}
h1{font-size:1.6rem;line-height:1.25;color:var(--own)}
h2{font-size:1.15rem;margin:2rem 0 .6rem}
h2 small{font-weight:400;color:var(--muted);font-size:.9rem}
ul{padding-left:1.2rem}
li{margin:.2rem 0}
.verdict{border-left:6px solid var(--own);border-radius:8px;background:var(--card);padding:1rem 1.25rem}
.verdict p{margin-top:.35rem}
.verdict .lead{font-size:1.05rem}
.counts,.meta{display:flex;flex-wrap:wrap;gap:.15rem 1.1rem;padding:0;list-style:none;margin-top:.5rem}
.counts li{color:var(--own);margin:0;white-space:nowrap}
.meta,.hint{color:var(--muted);font-size:.88rem}
.notice{border:1px solid var(--line);border-left:4px solid var(--own,var(--warn));border-radius:6px;padding:.5rem .9rem;
 margin-top:.8rem}
.notice+.notice{margin-top:.4rem}
.notice details{border:0;padding:0}
.steps{margin-top:1rem}
.steps h2{margin:0 0 .3rem;font-size:1rem}
.steps p+p{margin-top:.4rem}
.steps p::first-letter{text-transform:uppercase}
.steps pre{margin:.25rem 0 .6rem;padding:.5rem .8rem;background:var(--card);border:1px solid var(--line);
 border-radius:6px;white-space:pre-wrap;user-select:all}
.card{border:1px solid var(--line);border-top:3px solid var(--own);border-radius:8px;padding:.8rem 1rem .6rem;
 margin-bottom:1rem;break-inside:avoid}
.card:target{box-shadow:0 0 0 3px var(--focus)}
.card header{display:flex;flex-wrap:wrap;align-items:baseline;gap:.2rem .9rem}
.card h3{font-size:1.02rem;min-width:0;overflow-wrap:anywhere}
.card .numbers{margin-left:auto;min-width:0;font-variant-numeric:tabular-nums}
.card b+span{white-space:nowrap}
.card .numbers b{color:var(--own);font-size:1.12rem;margin-left:.5rem}
.status{color:var(--own);font-weight:600;white-space:nowrap}
.remark{color:var(--muted);font-size:.92rem;margin-top:.2rem}
.pictures{display:grid;grid-template-columns:1fr 1fr;gap:.4rem 1.5rem;margin-top:.5rem}
.pictures:has(>:only-child){grid-template-columns:minmax(0,500px)}
figure{margin:0;min-width:0}
figcaption{font-size:.8rem;font-weight:600;color:var(--muted)}
svg{display:block;width:100%;height:auto;color:var(--own)}
svg path{fill:none}
svg text{font-size:12px;fill:var(--muted)}
.end{text-anchor:end}
.middle{text-anchor:middle}
.start{text-anchor:start}
svg .now text,svg text.now{fill:var(--own);font-weight:600}
svg text.limit{fill:var(--fg)}
.frame{stroke:var(--line)}
.zero{stroke:var(--muted);stroke-dasharray:2 2}
.mark{stroke:var(--fg);stroke-width:1.6}
.zone{fill:var(--zone)}
.dots,.point,.dot{stroke-linecap:round;stroke-width:5.5;opacity:.75}
.dots.base,.history{stroke:var(--base)}
.dots.now,.point{stroke:var(--own)}
path.middles{stroke:var(--fg);stroke-width:2}
.point{stroke-width:10;opacity:1}
svg path.out{fill:var(--base)}
svg path.out.now{fill:var(--own)}
.history{stroke-width:1.6;stroke-linejoin:round}
#values svg{width:160px;height:20px}
#values svg>path{stroke:var(--own);stroke-width:1.6}
#values svg .dot{stroke-width:7.5;opacity:1}
form p{display:flex;flex-wrap:wrap;gap:.4rem 1rem;align-items:center;margin:.7rem 0}
fieldset{display:flex;flex-wrap:wrap;gap:.4rem;border:0;margin:0;padding:0}
fieldset label{position:relative;border:1px solid var(--line);border-radius:2em;padding:.12rem .8rem;
 cursor:pointer;color:var(--own);font-variant-numeric:tabular-nums}
fieldset label:hover{border-color:var(--own)}
fieldset input{position:absolute;inset:0;margin:0;opacity:0;cursor:pointer}
fieldset label:has(:checked){background:var(--fg);border-color:var(--fg);color:var(--bg)}
fieldset label:has(:focus-visible){outline:2px solid var(--focus);outline-offset:2px}
input[type=search]{font:inherit;color:inherit;background:var(--bg);border:1px solid var(--muted);border-radius:6px;
 padding:.3rem .6rem;width:20rem;max-width:100%}
output{color:var(--muted);font-variant-numeric:tabular-nums}
button{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:6px;
 padding:.35rem 1rem;cursor:pointer;margin-top:.8rem}
table{border-collapse:collapse;width:100%;font-size:.93rem}
th,td{text-align:left;padding:.32rem .5rem;border-bottom:1px solid var(--line);vertical-align:middle}
th{white-space:nowrap;font-weight:600}
th button{all:unset;cursor:pointer}
th button:focus-visible{outline:2px solid var(--focus);outline-offset:2px;border-radius:4px}
th[data-key] button::after{content:" ↕";color:var(--muted);font-weight:400}
th[aria-sort=ascending] button::after{content:" ↑";color:inherit}
th[aria-sort=descending] button::after{content:" ↓";color:inherit}
.number,#values :is(th,td):nth-child(n+4):nth-child(-n+7){text-align:right;font-variant-numeric:tabular-nums}
#values td:is(:nth-child(4),:nth-child(5),:nth-child(7)){white-space:nowrap}
#values td:is(:first-child,:nth-child(6)){color:var(--own);font-weight:600}
#values td:first-child{white-space:nowrap}
#values td:nth-child(2){min-width:11rem}
#values td:nth-child(3){min-width:5.4rem}
#values td:last-child{padding-block:0}
#values :is(th,td):last-child{padding-left:1rem}
#values a[href]{text-decoration-color:var(--line)}
#values td small{display:block;color:var(--muted)}
th svg text{font-size:12px;fill:var(--fg)}
details{border-top:1px solid var(--line);padding:.6rem 0}
details+details{margin-top:0}
summary{cursor:pointer;font-weight:600}
details>*+*{margin-top:.5rem}
.folds{margin-top:2rem}
.folds h2{font-size:1rem;margin:.6rem 0 .3rem}
dl{display:grid;grid-template-columns:auto 1fr;gap:.15rem .9rem;margin:.5rem 0}
dd{margin:0}
dt{color:var(--own);font-weight:600;white-space:nowrap}
.scroll{position:relative;overflow-x:auto}
footer{margin-top:2rem;color:var(--muted);font-size:.85rem}
@media(max-width:960px){
 #values :is(th,td):nth-child(7){display:none}
 #values table{font-size:.88rem}
 #values th,#values td{padding-inline:.3rem}
 #values svg{width:120px}
 #values th[aria-sort=none] button::after{content:""}
}
@media(max-width:720px){
 body{padding:1rem .8rem 3rem}
 .pictures{grid-template-columns:minmax(0,1fr)}
 .card .numbers{margin-left:0}
 svg text{font-size:13.5px}
 #values table,#values tbody{display:block}
 #values thead tr{display:flex;flex-wrap:wrap;gap:.2rem 1rem}
 #values th{border:0;padding:.2rem 0}
 #values th:not([data-key]){display:none}
 #values th[aria-sort=none] button::after{content:" ↕"}
 #values tbody tr{display:flex;flex-wrap:wrap;align-items:baseline;gap:0 .6rem;padding:.5rem 0;
  border-bottom:1px solid var(--line)}
 #values td{border:0;padding:0}
 #values td:nth-child(1){order:1}
 #values td:nth-child(3){order:2;color:var(--muted)}
 #values td:nth-child(6){order:3;margin-left:auto}
 #values td:nth-child(2){order:4;flex-basis:100%}
 #values td:nth-child(n+4):nth-child(-n+5){order:5;text-align:left}
 #values td:nth-child(4):not(:empty)::after{content:" →"}
 #values td:last-child{order:7;margin-left:auto}
 #values svg{width:110px}
 input[type=search]{width:100%}
 dl{grid-template-columns:1fr}
 dd{margin-bottom:.4rem}
}
@media print{
 body{max-width:none;padding:0;font-size:10pt}
 form,button,noscript{display:none!important}
 th button{display:inline!important}
 th[data-key] button::after{content:""}
 .verdict,.zone,.card{print-color-adjust:exact}
 details::details-content{content-visibility:visible;block-size:auto}
 thead{display:table-header-group}
 tr{break-inside:avoid}
 h2{break-after:avoid}
}
"""
