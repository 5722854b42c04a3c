// SPDX-License-Identifier: Apache-2.0

package httpcache

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/pyfly-go/pyfly/client"
)

// change sends a request that may change what the service has, and removes what is
// stored of its URL, and of those that the response names (RFC 9111, section 4.4).
func (c *clientCache) change(req *http.Request, next client.Exchange) (*http.Response, error) {
	target := *req.URL
	response, err := next(req)
	status, header := 0, http.Header(nil)
	var failed *client.Error
	switch {
	case err == nil && response != nil:
		status, header = response.StatusCode, response.Header
	case errors.As(err, &failed):
		status, header = failed.Status, failed.Header
	}
	if status < 400 { // or there is no response, and the service may have acted
		c.invalidate(append(resourcesOf(&target, header), resourceOf(&target)))
	}
	return response, err
}

// resourcesOf returns the resources that a response names. The base URL of the
// client is not known here, so that every end of a path counts.
func resourcesOf(target *url.URL, header http.Header) []string {
	var resources []string
	for _, name := range []string{"Location", "Content-Location"} {
		named, err := target.Parse(header.Get(name))
		if err != nil || header.Get(name) == "" {
			continue
		}
		query := named.RawQuery
		path := named.EscapedPath()
		for i := range len(path) {
			if path[i] == '/' {
				resources = append(resources, target.Host+path[i:]+"?"+query)
			}
		}
	}
	return resources
}

// invalidate removes what is stored of resources. What is under way came perhaps
// before the change, and is neither stored nor shared with later requests.
func (c *clientCache) invalidate(resources []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range resources {
		c.store.removeResource(resource)
		for f := range c.fetches {
			f.isOutdated = f.isOutdated || f.resource == resource
		}
		for key, f := range c.flights {
			if f.resource == resource {
				delete(c.flights, key)
			}
		}
	}
}
