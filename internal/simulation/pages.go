// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/pyfly-go/pyfly/client"
)

// The pages of a list.
const (
	lastPage     = 3
	thingsInPage = 2
)

// What the header Link of a page says of the next one.
const (
	linkOwn     = "own"     // where it is
	linkForeign = "foreign" // that it is at another host
	linkBroken  = "broken"  // nothing that can be read
	linkNone    = "none"    // that there is none
)

// linkOf draws what the Link of a call's page says. All copies of a page say the
// same.
func (w *World) linkOf(call string, page int) string {
	d := w.draw("page", call, page)
	switch {
	case page >= lastPage:
		return linkNone
	case w.has("server.link-foreign") && d.oneIn(3):
		return linkForeign
	case w.has("server.link-broken") && d.oneIn(3):
		return linkBroken
	}
	return linkOwn
}

// answerPage sends a page of a list.
func (p *replying) answerPage() {
	page, _ := strconv.Atoi(p.r.URL.Path[strings.LastIndexByte(p.r.URL.Path, '/')+1:])
	link := p.linkOf(p.a.call, page)
	next := fmt.Sprintf("/list/%s/%d", p.a.call, page+1)
	switch link {
	case linkOwn:
		for _, line := range pick(p.d,
			[]string{"<" + p.url(ownHost) + next + `>; rel="next"`},
			[]string{"<" + next + ">; rel=next"},
			[]string{`</list>; title="a, <b>; rel=next"; rel=first, <` + strconv.Itoa(page+1) + `>; rel="last next"`},
			[]string{"</list>; rel=first", "<" + next + ">; REL=NEXT"},
		) {
			p.w.Header().Add("Link", line)
		}
	case linkForeign:
		p.w.Header().Set("Link", "<"+p.url(foreignHost)+next+">; rel=next")
	case linkBroken:
		p.w.Header().Set("Link", pick(p.d, next+"; rel=next", "<"+next+"; rel=next", "<"+next+">"))
	}
	things := make([]Thing, thingsInPage)
	for i := range things {
		things[i] = p.thing()
		things[i].Index = (page-1)*thingsInPage + i
	}
	p.update(func(a *arrival) { a.link = link })
	p.answerJSON(http.StatusOK, things)
}

// runPages loops over the pages of a list.
func (c *call) runPages(ctx context.Context, shop *Shop) error {
	pages := client.Pages(ctx, func(ctx context.Context) (client.Response[[]Thing], error) {
		return counted(c)(shop.List(ctx, c.id))
	}, func(ctx context.Context, next client.URL) (client.Response[[]Thing], error) {
		return counted(c)(shop.ListNext(ctx, next))
	})
	c.handOver()
	for page, err := range pages {
		if err != nil {
			return err
		}
		for _, thing := range page.Body {
			c.values, c.indexes = append(c.values, thing), append(c.indexes, thing.Index)
		}
		if c.mayLeave() {
			c.left = true
			break
		}
		c.work()
		c.handOver()
	}
	return nil
}

// counted counts a call of the client among those that a caller's loop makes.
func counted(c *call) func(client.Response[[]Thing], error) (client.Response[[]Thing], error) {
	return func(page client.Response[[]Thing], err error) (client.Response[[]Thing], error) {
		c.made++
		if err != nil {
			c.failed++
		}
		return page, err
	}
}

// judgePages checks that a loop sees each page once and in order, and that nothing
// leads it to another host.
func (w *World) judgePages(c *call) {
	if c.op.name != "pages" {
		return
	}
	for i, index := range c.indexes {
		if index != i {
			w.find("page-out-of-order", "call %s got the things %v", c.id, c.indexes)
			break
		}
	}
	of := w.arrivalsOf(c)
	if slices.ContainsFunc(of, func(a *arrival) bool { return a.host == foreignHost }) {
		w.find("page-of-a-foreign-host", "call %s", c.id)
	}
	if len(of) == 0 || c.panicked != nil || c.exited {
		return
	}
	last := of[len(of)-1]
	isWhole := last.done > 0 && len(c.indexes) > 0
	switch {
	case isWhole && c.err == nil && !c.left && last.link == linkOwn:
		w.find("pages-silently-short", "call %s got %d things and no error, the last page has a link", c.id, len(c.indexes))
	case isWhole && c.err == nil && !c.left && last.link == linkForeign:
		w.find("foreign-page-ignored", "call %s got %d things and no error, the next page is at another host", c.id, len(c.indexes))
	case errors.Is(c.err, client.ErrInvalidRequest) && last.link != linkForeign && !w.has("server.redirect-https") && len(w.versions) == 1: // a reload may move the base URL
		w.find("page-refused", "call %s, whose next page is allowed: %v", c.id, c.err)
	}
}
