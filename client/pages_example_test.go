// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
)

// ToolClient has a list in pages.
type ToolClient struct {
	client.HttpClient `url:"http://tools:8080"`

	List func(ctx context.Context, category string) (client.Response[[]string], error) `get:"/tools{?category}"`
	More func(ctx context.Context, link client.URL) (client.Response[[]string], error) `get:"/tools"`
}

// tools serves a list in two pages.
func tools(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("page") == "2" {
		_ = json.NewEncoder(w).Encode([]string{"hoe"})
		return
	}
	w.Header().Set("Link", `<?category=garden&page=2>; rel="next"`)
	_ = json.NewEncoder(w).Encode([]string{"rake", "spade"})
}

func ExamplePages() {
	service := httptest.NewServer(http.HandlerFunc(tools))
	defer service.Close()
	ctx := context.Background()
	p := client.NewHttpClientBeanPostProcessor(client.WithConfig(config.New(map[string]any{
		"pyfly.client.services.tool-client.base-url": service.URL,
	})))
	defer func() { _ = p.Stop(ctx) }()
	shop := client.NewStub[ToolClient]()
	if _, err := p.AfterInit(shop, "toolClient"); err != nil {
		fmt.Println(err)
		return
	}

	first := func(ctx context.Context) (client.Response[[]string], error) { return shop.List(ctx, "garden") }
	for page, err := range client.Pages(ctx, first, shop.More) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(page.Body)
	}
	// Output:
	// [rake spade]
	// [hoe]
}

func ExampleResponse_Next() {
	response := client.Response[[]string]{Header: http.Header{"Link": {
		`</tools?page=1>; rel="prev", </tools?page=3>; rel="next"; title="more, and more"`,
	}}}
	fmt.Println(response.Next())
	// Output: /tools?page=3 true
}
