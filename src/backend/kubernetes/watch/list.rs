//! Listing a kind, page by page.

use super::super::api::Url;
use super::super::failure::Failure;
use super::super::heard::Said;
use super::super::kinds::ApiKind;
use super::super::wire::{self, Page};
use super::{End, Watch, suspects};

/// Pages are made larger up to this many times, where the server forgets a listing before it is complete.
const WIDEST: u32 = 64;
/// With more pods to come than this, those that look unhealthy are fetched before the others.
const MANY: u32 = 1000;

impl Watch {
    /// Names all there is. A page is decoded here, in the task of its source, and told at once: no more than one is held.
    pub(super) async fn list(&mut self) -> Result<(), End> {
        let first = self.page(None).await?;
        // Pages show the moment of the first one, so what is followed begins there.
        let version = first.resource_version.clone();
        let expected = first.remaining.map(|rest| rest.saturating_add(u32::try_from(first.items.len()).unwrap_or(0)));
        let many = first.cont.is_some() && first.remaining.is_none_or(|rest| rest > MANY);
        self.say(vec![Said::Listing(expected)]).await?;
        let mut next = self.tell_page(first).await?;
        if many && self.kind == ApiKind::Pods {
            // Not before the first page: what is put now, and is gone at the moment that the listing shows, would never
            // be said to be gone.
            suspects::tell_first(self, &version).await?;
        }
        while let Some(cont) = next {
            let page = self.page(Some(&cont)).await?;
            next = self.tell_page(page).await?;
        }
        self.version = Some(version);
        self.turn = None;
        match self.listed_until {
            Some(_) => self.row.ends(),
            None => self.row.listed(),
        }
        self.say(vec![Said::Listed]).await
    }

    async fn page(&mut self, cont: Option<&str>) -> Result<Page, Failure> {
        let limit = self.pace.page.saturating_mul(self.wide);
        let mut url = Url::of(self.kind, self.partition.as_deref()).with("limit", limit);
        if let Some(cont) = cont {
            url = url.with("continue", cont);
        }
        let body = self.api.list(self.kind, &url).await.inspect_err(|failure| {
            if matches!(failure, Failure::Gone(_)) {
                self.wide = (self.wide * 4).min(WIDEST);
            }
        })?;
        wire::decode_list(self.kind, &body).map_err(Failure::Malformed)
    }

    /// Tells what a page names; where the next one begins.
    async fn tell_page(&self, page: Page) -> Result<Option<String>, End> {
        if !page.items.is_empty() {
            self.say(page.items.into_iter().map(Said::Put).collect()).await?;
        }
        Ok(page.cont)
    }
}
