"""Lists of claims, page by page: the partner's own and the review queue, searched, filtered and sorted."""
