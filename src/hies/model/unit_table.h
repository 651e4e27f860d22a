#pragma once

#include <map>
#include <vector>

#include "hies/base/error.h"
#include "hies/model/layout.h"

namespace hies::model {

// One value per present unit: table.at(site)[position]. Sites that a table says nothing of are absent.
template <class T>
class UnitTable {
 public:
  using Rows = std::map<Site, std::vector<T>>;

  UnitTable() = default;
  // Makes a row of `value` for every site of the kind.
  UnitTable(const Layout& layout, SiteKind kind, const T& value = T{}) {
    for (const auto& [site, units] : layout)
      if (site.kind == kind) rows_[site].assign(units.units.size(), value);
  }

  // Adds an empty row if the site has none.
  std::vector<T>& operator[](Site site) { return rows_[site]; }
  // Throws internal for a site that has no row.
  const std::vector<T>& at(Site site) const {
    const auto found = rows_.find(site);
    check(found != rows_.end(), "a table without that site");
    return found->second;
  }
  std::vector<T>& at(Site site) { return const_cast<std::vector<T>&>(std::as_const(*this).at(site)); }
  const std::vector<T>& attention(int layer) const { return at(attention_site(layer)); }
  std::vector<T>& attention(int layer) { return at(attention_site(layer)); }
  bool contains(Site site) const { return rows_.contains(site); }
  bool empty() const noexcept { return rows_.empty(); }
  // Returns the number of rows.
  std::size_t size() const noexcept { return rows_.size(); }

  auto begin() noexcept { return rows_.begin(); }
  auto end() noexcept { return rows_.end(); }
  auto begin() const noexcept { return rows_.begin(); }
  auto end() const noexcept { return rows_.end(); }
  bool operator==(const UnitTable&) const = default;

 private:
  Rows rows_;
};

// Returns the rows of the sites of one kind.
template <class T>
UnitTable<T> rows_of(const UnitTable<T>& table, SiteKind kind) {
  UnitTable<T> some;
  for (const auto& [site, row] : table)
    if (site.kind == kind) some[site] = row;
  return some;
}

// What multiplies the output of each unit (of a head: A_h): 1 keeps, 0 removes (the unit is then not even computed), anything between
// is allowed. A site without a row keeps all its units.
using Gates = UnitTable<double>;

}  // namespace hies::model
